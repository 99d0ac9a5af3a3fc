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

#include "store/store_int.h"
#include "store/store_mail.h"

#define COLUMNS								\
	"SELECT id, conversation, mailbox, kind, created, participant,"	\
	" worker, author, smtpd, outside, own FROM message "

static int
fill(struct store *s, sqlite3_stmt *st, struct store_message *m)
{
	m->id = sqlite3_column_int64(st, 0);
	m->conversation = sqlite3_column_int64(st, 1);
	m->mailbox = sqlite3_column_int64(st, 2);
	m->kind = sqlite3_column_int64(st, 3);
	m->created = sqlite3_column_int64(st, 4);
	m->participant = sqlite3_column_int64(st, 5);
	m->worker = sqlite3_column_int64(st, 6);
	if (db_text(s, st, 7, m->author, sizeof(m->author)) == -1 ||
	    db_text(s, st, 8, m->smtpd, sizeof(m->smtpd)) == -1 ||
	    db_text(s, st, 9, m->outside, sizeof(m->outside)) == -1 ||
	    db_text(s, st, 10, m->own, sizeof(m->own)) == -1)
		return -1;
	return 0;
}

static int
get(struct store *s, sqlite3_stmt *st, struct store_message *m)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill(s, st, m) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_message_get(struct store *s, uint64_t id, struct store_message *m)
{
	return get(s, db_get(s, COLUMNS "WHERE id = ?", "i", (int64_t)id), m);
}

int
store_message_find(struct store *s, uint64_t mailbox, const char *smtpd,
    const char *outside, time_t now, struct store_message *m)
{
	char	 bare[STORE_MSGID_MAX + 1];

	if (rule_msgid(s, outside, bare) == -1)
		return -1;
	return get(s, db_get(s, COLUMNS "WHERE mailbox = ? AND smtpd = ? AND "
	    "outside IS ? AND created > ? ORDER BY id DESC LIMIT 1", "itei",
	    (int64_t)mailbox, smtpd, bare, (int64_t)now - STORE_SAMETIME), m);
}

int
store_conversation_messages(struct store *s, uint64_t id,
    int (*cb)(const struct store_message *, void *), void *arg)
{
	struct store_message	 m;
	sqlite3_stmt		*st;
	int			 ret;

	if ((st = db_get(s, COLUMNS "WHERE conversation = ? ORDER BY id", "i",
	    (int64_t)id)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, &m) == -1) {
			ret = -1;
			break;
		}
		if (cb(&m, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
	return ret;
}

static int
insert(struct store *s, struct store_message *m, time_t now)
{
	if (db_run(s, "INSERT INTO message (conversation, mailbox, kind, "
	    "created, participant, worker, author, smtpd, outside, own) "
	    "VALUES (?, ?, ?, ?, nullif(?, 0), nullif(?, 0), ?, ?, ?, ?)",
	    "iiiiiietee", (int64_t)m->conversation, (int64_t)m->mailbox,
	    (int64_t)m->kind, (int64_t)now, (int64_t)m->participant,
	    (int64_t)m->worker, m->author, m->smtpd, m->outside,
	    m->own) == -1)
		return -1;
	m->id = sqlite3_last_insert_rowid(s->db);
	m->created = now;
	if (db_run(s, "UPDATE conversation SET last = max(last, ?), "
	    "open = max(open, ?) WHERE id = ?", "iii", (int64_t)now,
	    (int64_t)(m->kind == STORE_MSG_IN),
	    (int64_t)m->conversation) == -1)
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
	    "WHERE id = ?", "i", (int64_t)m->conversation);
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
		ret = insert(s, m, now);
	return db_leave(s, ret);
}

static int
get_text(struct store *s, sqlite3_stmt *st, char *buf, size_t size)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		if (sqlite3_column_type(st, 0) == SQLITE_NULL)
			ret = 0;
		else if (db_text(s, st, 0, buf, size) == -1)
			ret = -1;
	}
	db_done(s, st);
	return ret;
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
	return get_text(s, db_get(s, "SELECT " KNOWN_AS " AS known "
	    "FROM message g WHERE g.mailbox = "
	    "(SELECT mailbox FROM conversation WHERE id = ?1) "
	    "AND g.outside = ?3 AND known IS NOT NULL "
	    "ORDER BY g.conversation = ?1 DESC, g.id DESC LIMIT 1", "iit",
	    (int64_t)conversation, (int64_t)worker, bare), buf, size);
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
	return get_text(s, db_get(s, "SELECT m.outside FROM message m "
	    "WHERE m.id IN (" KNOWN_BY ") AND m.outside IS NOT NULL AND "
	    "+m.mailbox = (SELECT mailbox FROM conversation WHERE id = ?1) "
	    "ORDER BY m.conversation = ?1 DESC, m.id DESC LIMIT 1", "iit",
	    (int64_t)conversation, (int64_t)worker, bare), buf, size);
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
	ret = db_number(s, &id, "SELECT m.id FROM message m "
	    "WHERE m.id IN (" KNOWN_BY ") AND "
	    "+m.mailbox = (SELECT mailbox FROM conversation WHERE id = ?1) "
	    "ORDER BY m.conversation = ?1 DESC, m.id DESC LIMIT 1", "iit",
	    (int64_t)conversation, (int64_t)from, bare);
	if (ret != 1)
		return ret;
	return get_text(s, db_get(s, "SELECT " KNOWN_AS " FROM message g "
	    "WHERE g.id = ?1", "ii", id, (int64_t)to), buf, size);
}
