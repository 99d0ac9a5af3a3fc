/*
 * Copyright (c) 2026 The opensmtpd-relay developers
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

#include "header/handle.h"
#include "store/store_db.h"
#include "store/store_mail.h"

#define CONVERSATION							\
	"SELECT c.id, c.mailbox, m.address, c.open <> 0,"		\
	" c.taken, w.name,"						\
	" c.subject, c.created, c.last,"				\
	" (SELECT count(*) FROM participant p"				\
	"  WHERE p.conversation = c.id),"				\
	" (SELECT count(*) FROM message g WHERE g.conversation = c.id)"	\
	" FROM conversation c JOIN mailbox m ON m.id = c.mailbox"	\
	" LEFT JOIN worker w ON w.id = c.taken "

static const struct db_column	 conversation_columns[] = {
	DB_INT(store_conversation, id), DB_INT(store_conversation, mailbox),
	DB_TEXT(store_conversation, address),
	DB_INT(store_conversation, open), DB_INT(store_conversation, taken),
	DB_TEXT(store_conversation, taken_name),
	DB_TEXT(store_conversation, subject),
	DB_INT(store_conversation, created), DB_INT(store_conversation, last),
	DB_INT(store_conversation, participants),
	DB_INT(store_conversation, messages), DB_END
};

int
store_conversation_get(struct store *s, uint64_t id,
    struct store_conversation *c)
{
	return db_row(s, conversation_columns, c, CONVERSATION
	    "WHERE c.id = ?", "i", id);
}

int
store_conversation_each(struct store *s, uint64_t mailbox,
    int (*cb)(const struct store_conversation *, void *), void *arg)
{
	struct store_conversation	 c;
	struct db_query			*q;
	int				 ret;

	if (mailbox == 0)
		q = db_get(s, CONVERSATION "ORDER BY c.last DESC", "");
	else
		q = db_get(s, CONVERSATION "WHERE c.mailbox = ? "
		    "ORDER BY c.last DESC", "i", mailbox);
	while ((ret = db_next(s, q, conversation_columns, &c)) == 1)
		if (cb(&c, arg) != 0)
			return db_stop(s, q);
	return ret;
}

int
store_conversation_new(struct store *s, uint64_t mailbox,
    const char *subject, time_t now, uint64_t *id)
{
	char	 cut[STORE_SUBJECT_MAX + 1] = "";
	int	 ret;

	if (subject != NULL)
		rule_cut(subject, cut, sizeof(cut));
	if (db_enter(s) == -1)
		return -1;
	ret = db_insert(s, id, "INSERT INTO conversation (mailbox, subject, "
	    "created, last) VALUES (?, ?, ?3, ?3)", "ied", mailbox, cut, now);
	return db_leave(s, ret);
}

int
store_conversation_open(struct store *s, uint64_t id, int open)
{
	return db_write(s, "UPDATE conversation SET open = ?1 WHERE id = ?2 "
	    "AND open <> ?1", "ui", open != 0, id);
}

int
store_conversation_take(struct store *s, uint64_t id, uint32_t worker)
{
	return db_write(s, "UPDATE conversation SET taken = nullif(?, 0) "
	    "WHERE id = ?", "ui", worker, id);
}

/* In the order of ids: what the writer answers to, then older ones. */
int
store_conversation_find(struct store *s, uint64_t mailbox,
    const char *const *ids, size_t n, const char *writer, uint64_t *id)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 found;
	size_t	 i;
	int	 ret = 0;

	for (i = 0; i < n && ret == 0; i++) {
		if (rule_msgid(s, ids[i], bare) == -1 || bare[0] == '\0')
			continue;	/* too long to be one of ours */
		ret = db_number(s, &found, "SELECT g.conversation "
		    "FROM message g JOIN participant p ON "
		    "p.conversation = g.conversation AND p.folded = lower(?3) "
		    "WHERE g.mailbox = ?1 AND g.outside = ?2 ORDER BY g.id "
		    "DESC LIMIT 1", "itt", mailbox, bare, writer);
	}
	if (ret == 1)
		*id = found;
	return ret;
}

#define PEOPLE								\
	"SELECT id, conversation, unverified <> 0, address, folded, "	\
	"name FROM participant "

static const struct db_column	 people_columns[] = {
	DB_INT(store_participant, id),
	DB_INT(store_participant, conversation),
	DB_INT(store_participant, unverified),
	DB_TEXT(store_participant, address),
	DB_TEXT(store_participant, folded), DB_TEXT(store_participant, name),
	DB_END
};

int
store_participant_get(struct store *s, uint64_t id,
    struct store_participant *p)
{
	return db_row(s, people_columns, p, PEOPLE "WHERE id = ?", "i", id);
}

int
store_participant_byaddr(struct store *s, uint64_t conversation,
    const char *address, struct store_participant *p)
{
	return db_row(s, people_columns, p, PEOPLE "WHERE conversation = ? "
	    "AND folded = lower(?)", "it", conversation, address);
}

int
store_conversation_people(struct store *s, uint64_t id,
    int (*cb)(const struct store_participant *, void *), void *arg)
{
	struct store_participant	 p;
	struct db_query			*q;
	int				 ret;

	q = db_get(s, PEOPLE "WHERE conversation = ? ORDER BY id", "i", id);
	while ((ret = db_next(s, q, people_columns, &p)) == 1)
		if (cb(&p, arg) != 0)
			return db_stop(s, q);
	return ret;
}

/* A name is taken over only where none is known: it stays what it was. */
static int
update_participant(struct store *s, const struct store_participant *p,
    const char *name, int unverified)
{
	if ((p->name[0] != '\0' || *name == '\0') &&
	    (!p->unverified || unverified))
		return 1;
	return db_run(s, "UPDATE participant SET name = coalesce(name, ?), "
	    "unverified = min(unverified, ?) WHERE id = ?", "eui", name,
	    unverified != 0, p->id) == -1 ? -1 : 1;
}

int
store_participant_add(struct store *s, uint64_t conversation,
    const char *address, const char *name, int unverified, unsigned int max,
    time_t now, uint64_t *id)
{
	struct store_participant p;
	char			 folded[STORE_ADDR_MAX + 1];
	char			 cut[STORE_NAME_MAX + 1] = "";
	int64_t			 n;
	int			 ret;

	if (rule_fold(s, address, folded) == -1)
		return -1;
	if (name != NULL)
		rule_cut(name, cut, sizeof(cut));
	if (db_enter(s) == -1)
		return -1;
	ret = store_participant_byaddr(s, conversation, folded, &p);
	if (ret == 1) {
		*id = p.id;
		ret = update_participant(s, &p, cut, unverified);
		return db_leave(s, ret);
	}
	if (ret == 0 && max > 0 && (ret = db_number(s, &n, "SELECT count(*) "
	    "FROM participant WHERE conversation = ?", "i",
	    conversation)) == 1 && n >= (int64_t)max)
		return db_leave(s, 0);
	if (ret != -1)
		ret = db_insert(s, id, "INSERT INTO participant "
		    "(conversation, address, folded, name, unverified, "
		    "created) VALUES (?, ?, ?, ?, ?, ?)", "itteud",
		    conversation, address, folded, cut, unverified != 0, now);
	return db_leave(s, ret == -1 ? -1 : 1);
}

#define MESSAGE								\
	"SELECT id, conversation, mailbox, kind, created, participant,"	\
	" worker, author, smtpd, outside, own FROM message "

static const struct db_column	 message_columns[] = {
	DB_INT(store_message, id), DB_INT(store_message, conversation),
	DB_INT(store_message, mailbox), DB_INT(store_message, kind),
	DB_INT(store_message, created), DB_INT(store_message, participant),
	DB_INT(store_message, worker), DB_TEXT(store_message, author),
	DB_TEXT(store_message, smtpd), DB_TEXT(store_message, outside),
	DB_TEXT(store_message, own), DB_END
};

int
store_message_get(struct store *s, uint64_t id, struct store_message *m)
{
	return db_row(s, message_columns, m, MESSAGE "WHERE id = ?", "i", id);
}

int
store_message_find(struct store *s, uint64_t mailbox, const char *smtpd,
    const char *outside, time_t now, struct store_message *m)
{
	char	 bare[STORE_MSGID_MAX + 1];

	if (rule_msgid(s, outside, bare) == -1)
		return -1;
	return db_row(s, message_columns, m, MESSAGE "WHERE mailbox = ? AND "
	    "smtpd = ? AND outside IS ? AND created > ? ORDER BY id DESC "
	    "LIMIT 1", "ited", mailbox, smtpd, bare, now - STORE_SAMETIME);
}

int
store_message_byown(struct store *s, uint64_t mailbox, uint32_t worker,
    const char *own, struct store_message *m)
{
	char	 bare[STORE_MSGID_MAX + 1];

	if (rule_msgid(s, own, bare) == -1)
		return -1;
	return db_row(s, message_columns, m, MESSAGE "WHERE worker = ? AND "
	    "own = ? AND mailbox = ? ORDER BY id LIMIT 1", "uti", worker,
	    bare, mailbox);
}

int
store_conversation_messages(struct store *s, uint64_t id,
    int (*cb)(const struct store_message *, void *), void *arg)
{
	struct store_message	 m;
	struct db_query		*q;
	int			 ret;

	q = db_get(s, MESSAGE "WHERE conversation = ? ORDER BY id", "i", id);
	while ((ret = db_next(s, q, message_columns, &m)) == 1)
		if (cb(&m, arg) != 0)
			return db_stop(s, q);
	return ret;
}

static int
insert_message(struct store *s, struct store_message *m, time_t now)
{
	if (db_insert(s, &m->id, "INSERT INTO message (conversation, mailbox, "
	    "kind, created, participant, worker, author, smtpd, outside, own) "
	    "VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?)",
	    "iiudiuetee", m->conversation, m->mailbox, m->kind, now,
	    m->participant, m->worker, m->author, m->smtpd, m->outside,
	    m->own) == -1)
		return -1;
	m->created = now;
	if (db_run(s, "UPDATE conversation SET last = max(last, ?), "
	    "open = max(open, ?) WHERE id = ?", "dui", now,
	    m->kind == STORE_MSG_IN, m->conversation) == -1)
		return -1;
	return 1;
}

int
store_message_add(struct store *s, struct store_message *m, time_t now)
{
	struct store_message	 old;
	char			 bare[STORE_MSGID_MAX + 1];
	int64_t			 mailbox;
	int			 ret;

	if (rule_msgid(s, m->outside, bare) == -1)
		return -1;
	(void)strlcpy(m->outside, bare, sizeof(m->outside));
	if (rule_msgid(s, m->own, bare) == -1)
		return -1;
	(void)strlcpy(m->own, bare, sizeof(m->own));
	if (db_enter(s) == -1)
		return -1;
	ret = db_number(s, &mailbox, "SELECT mailbox FROM conversation "
	    "WHERE id = ?", "i", m->conversation);
	if (ret == 0)
		ret = db_fail(s, STORE_REFUSED, "there is no such "
		    "conversation");
	if (ret == 1) {
		m->mailbox = mailbox;
		ret = store_message_find(s, mailbox, m->smtpd, m->outside,
		    now, &old);
	}
	if (ret == 1) {
		*m = old;
		ret = 0;
	} else if (ret == 0)
		ret = insert_message(s, m, now);
	return db_leave(s, ret);
}

/* What a worker knows message g as: own mail by its own id. */
#define KNOWN_AS							\
	"CASE WHEN g.worker = ?2 AND g.own IS NOT NULL THEN g.own ELSE"	\
	" (SELECT c.msgid FROM copy c WHERE c.message = g.id"		\
	"  AND c.worker = ?2) END"

int
store_msgid_inside(struct store *s, uint64_t conversation, uint32_t worker,
    const char *outside, char *buf, size_t size)
{
	char	 bare[STORE_MSGID_MAX + 1];

	if (rule_msgid(s, outside, bare) == -1 || bare[0] == '\0')
		return 0;
	return db_text(s, buf, size, "SELECT " KNOWN_AS " AS known "
	    "FROM message g WHERE g.mailbox = (SELECT mailbox "
	    "FROM conversation WHERE id = ?1) AND g.outside = ?3 AND "
	    "known IS NOT NULL ORDER BY g.conversation = ?1 DESC, g.id DESC "
	    "LIMIT 1", "iut", conversation, worker, bare);
}

/*
 * The message that a worker knows as ?3.  Of its mailbox it is asked with a
 * plus (no index): a mailbox has all the messages, an id one or two.
 */
#define KNOWN_BY							\
	"SELECT g.id FROM message g WHERE g.worker = ?2 AND g.own = ?3"	\
	" UNION ALL "							\
	"SELECT c.message FROM copy c WHERE c.worker = ?2 AND c.msgid = ?3"

int
store_msgid_outside(struct store *s, uint64_t conversation, uint32_t worker,
    const char *inside, char *buf, size_t size)
{
	char	 bare[STORE_MSGID_MAX + 1];

	if (rule_msgid(s, inside, bare) == -1 || bare[0] == '\0')
		return 0;
	return db_text(s, buf, size, "SELECT m.outside FROM message m "
	    "WHERE m.id IN (" KNOWN_BY ") AND m.outside IS NOT NULL AND "
	    "+m.mailbox = (SELECT mailbox FROM conversation WHERE id = ?1) "
	    "ORDER BY m.conversation = ?1 DESC, m.id DESC LIMIT 1", "iut",
	    conversation, worker, bare);
}

int
store_msgid_across(struct store *s, uint64_t conversation, uint32_t from,
    const char *inside, uint32_t to, char *buf, size_t size)
{
	char	 bare[STORE_MSGID_MAX + 1];
	int64_t	 id;
	int	 ret;

	if (rule_msgid(s, inside, bare) == -1 || bare[0] == '\0')
		return 0;
	ret = db_number(s, &id, "SELECT m.id FROM message m WHERE m.id IN ("
	    KNOWN_BY ") AND +m.mailbox = (SELECT mailbox FROM conversation "
	    "WHERE id = ?1) ORDER BY m.conversation = ?1 DESC, m.id DESC "
	    "LIMIT 1", "iut", conversation, from, bare);
	if (ret != 1)
		return ret;
	return db_text(s, buf, size, "SELECT " KNOWN_AS " FROM message g "
	    "WHERE g.id = ?1", "iu", id, to);
}

#define HANDLE								\
	"SELECT h.id, h.address, h.worker, c.mailbox, h.conversation,"	\
	" h.participant, h.created, h.expires, h.revoked <> 0"		\
	" FROM handle h JOIN conversation c ON c.id = h.conversation "

static const struct db_column	 handle_columns[] = {
	DB_INT(store_handle, id), DB_TEXT(store_handle, address),
	DB_INT(store_handle, worker), DB_INT(store_handle, mailbox),
	DB_INT(store_handle, conversation), DB_INT(store_handle, participant),
	DB_INT(store_handle, created), DB_INT(store_handle, expires),
	DB_INT(store_handle, revoked), DB_END
};

/* Completes what was read: ret. */
static int
set_live(struct store_handle *h, time_t now, int ret)
{
	if (ret == 1)
		h->live = !h->revoked && h->expires > now;
	return ret;
}

int
store_handle_byid(struct store *s, uint64_t id, time_t now,
    struct store_handle *h)
{
	return set_live(h, now, db_row(s, handle_columns, h, HANDLE
	    "WHERE h.id = ?", "i", id));
}

int
store_handle_each(struct store *s, uint32_t worker, uint64_t conversation,
    time_t now, int (*cb)(const struct store_handle *, void *), void *arg)
{
	struct store_handle	 h;
	struct db_query		*q;
	int			 ret;

	q = db_get(s, HANDLE "WHERE h.worker = ? AND h.conversation = ? AND "
	    "h.current = 1 AND h.revoked = 0 AND h.expires > ? ORDER BY h.id",
	    "uid", worker, conversation, now);
	while ((ret = db_next(s, q, handle_columns, &h)) == 1) {
		(void)set_live(&h, now, 1);
		if (cb(&h, arg) != 0)
			return db_stop(s, q);
	}
	return ret;
}

static int
make_handle(struct store *s, uint32_t worker, uint64_t conversation,
    uint64_t participant, time_t now, time_t lifetime)
{
	char	 name[HANDLE_LEN + 1], mailbox[STORE_ADDR_MAX + 1];
	char	 address[STORE_ADDR_MAX + 1];
	int	 ret;

	ret = db_text(s, mailbox, sizeof(mailbox), "SELECT m.address "
	    "FROM conversation c JOIN mailbox m ON m.id = c.mailbox "
	    "WHERE c.id = ?", "i", conversation);
	if (ret == 0)
		return db_fail(s, STORE_REFUSED, "there is no such "
		    "conversation");
	if (ret == -1)
		return -1;
	handle_make(name);
	if (handle_addr(mailbox, name, address, sizeof(address)) == -1)
		return db_fail(s, STORE_REFUSED, "%s: too long for handles",
		    mailbox);
	if (db_run(s, "UPDATE handle SET current = 0 WHERE worker = ? AND "
	    "conversation = ? AND participant = ? AND current = 1", "uii",
	    worker, conversation, participant) == -1)
		return -1;
	return db_run(s, "INSERT INTO handle (address, worker, conversation, "
	    "participant, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
	    "tuiidd", address, worker, conversation, participant, now,
	    now + lifetime);
}

/* The newest of the three, dead or alive. */
static int
get_current(struct store *s, uint32_t worker, uint64_t conversation,
    uint64_t participant, time_t now, struct store_handle *h)
{
	return set_live(h, now, db_row(s, handle_columns, h, HANDLE
	    "WHERE h.worker = ? AND h.conversation = ? AND h.participant = ? "
	    "AND h.current = 1", "uii", worker, conversation, participant));
}

int
store_handle_issue(struct store *s, uint32_t worker, uint64_t conversation,
    uint64_t participant, time_t now, time_t lifetime, struct store_handle *h)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = get_current(s, worker, conversation, participant, now, h);
	if (ret == 1 && h->live) {
		if (now + lifetime - h->expires > lifetime / 10) {
			ret = db_run(s, "UPDATE handle SET expires = ? "
			    "WHERE id = ?", "di", now + lifetime, h->id);
			h->expires = now + lifetime;
		}
	} else if (ret != -1) {
		ret = make_handle(s, worker, conversation, participant, now,
		    lifetime);
		if (ret != -1)
			ret = get_current(s, worker, conversation,
			    participant, now, h);
	}
	return db_leave(s, ret == -1 ? -1 : 0);
}

#define RPATH								\
	"SELECT r.id, r.address, r.kind, c.mailbox, r.conversation,"	\
	" r.message, r.worker, r.participant, r.sent_to, r.created,"	\
	" r.expires, r.quoted, r.gate FROM rpath r"			\
	" LEFT JOIN conversation c ON c.id = r.conversation "

static const struct db_column	 rpath_columns[] = {
	DB_INT(store_rpath, id), DB_TEXT(store_rpath, address),
	DB_INT(store_rpath, kind), DB_INT(store_rpath, mailbox),
	DB_INT(store_rpath, conversation), DB_INT(store_rpath, message),
	DB_INT(store_rpath, worker), DB_INT(store_rpath, participant),
	DB_TEXT(store_rpath, address_to), DB_INT(store_rpath, created),
	DB_INT(store_rpath, expires), DB_INT(store_rpath, quoted),
	DB_TEXT(store_rpath, gate), DB_END
};

int
store_rpath_make(struct store *s, const char *domain, time_t now,
    struct store_rpath *rp)
{
	char	 name[RPATH_LEN + 1];
	int	 ret;

	rpath_make(name);
	if (rpath_addr(name, domain, rp->address, sizeof(rp->address)) == -1)
		return db_fail(s, STORE_REFUSED, "%.100s: domain too long",
		    domain);
	rp->created = now;
	rp->expires = now + STORE_RPATH_LIFE;
	rp->quoted = 0;
	if (db_enter(s) == -1)
		return -1;
	ret = db_insert(s, &rp->id, "INSERT INTO rpath (address, kind, "
	    "conversation, message, worker, participant, sent_to, created, "
	    "expires, gate) VALUES (?, ?, nullif(?, 0), nullif(?, 0), "
	    "nullif(?, 0), nullif(?, 0), ?, ?, ?, ?)", "tuiiuiedde",
	    rp->address, rp->kind, rp->conversation, rp->message, rp->worker,
	    rp->participant, rp->address_to, rp->created, rp->expires,
	    rp->gate);
	return db_leave(s, ret);
}

int
store_rpath_quote(struct store *s, uint64_t id)
{
	return db_write(s, "UPDATE rpath SET quoted = quoted + 1 WHERE id = ? "
	    "AND quoted < ?", "iu", id, STORE_RPATH_QUOTES);
}

int
store_rpath_unquote(struct store *s, uint64_t id)
{
	return db_write(s, "UPDATE rpath SET quoted = quoted - 1 WHERE id = ? "
	    "AND quoted > 0", "i", id) == -1 ? -1 : 0;
}

/*
 * The form of the address says which table to ask, except that a mailbox is
 * asked for first: nothing else can have its address.
 */
int
store_rcpt_get(struct store *s, const char *address, time_t now,
    struct store_rcpt *rcpt)
{
	char		 folded[STORE_ADDR_MAX + 1];
	char		 box[STORE_ADDR_MAX + 1], name[RPATH_LEN + 1];
	const char	*domain;
	uint64_t	 mailbox = 0;
	int		 ret;

	memset(rcpt, 0, sizeof(*rcpt));
	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	if ((ret = store_mailbox_get(s, folded, &rcpt->mailbox)) != 0) {
		rcpt->kind = STORE_RCPT_MAILBOX;
		return ret;
	}
	if (handle_addr_parse(folded, box, sizeof(box), name)) {
		rcpt->kind = STORE_RCPT_HANDLE;
		ret = set_live(&rcpt->handle, now, db_row(s, handle_columns,
		    &rcpt->handle, HANDLE "WHERE h.address = ?", "t", folded));
		mailbox = rcpt->handle.mailbox;
	} else if (rpath_addr_parse(folded, name, &domain)) {
		rcpt->kind = STORE_RCPT_RPATH;
		ret = db_row(s, rpath_columns, &rcpt->rpath, RPATH
		    "WHERE r.address = ? AND r.expires > ?", "td", folded,
		    now);
		mailbox = rcpt->rpath.mailbox;
	}
	if (ret == 1 && mailbox != 0 &&
	    store_mailbox_byid(s, mailbox, &rcpt->mailbox) == -1)
		return -1;
	return ret;
}
