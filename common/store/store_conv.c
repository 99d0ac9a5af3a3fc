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
	"SELECT c.id, c.mailbox, m.address, c.open, c.taken, w.name,"	\
	" c.subject, c.created, c.last,"				\
	" (SELECT count(*) FROM participant p"				\
	"  WHERE p.conversation = c.id),"				\
	" (SELECT count(*) FROM message g WHERE g.conversation = c.id)"	\
	" FROM conversation c JOIN mailbox m ON m.id = c.mailbox"	\
	" LEFT JOIN worker w ON w.id = c.taken "

static int
fill(struct store *s, sqlite3_stmt *st, struct store_conversation *c)
{
	c->id = sqlite3_column_int64(st, 0);
	c->mailbox = sqlite3_column_int64(st, 1);
	c->open = sqlite3_column_int64(st, 3) != 0;
	c->taken = sqlite3_column_int64(st, 4);
	c->created = sqlite3_column_int64(st, 7);
	c->last = sqlite3_column_int64(st, 8);
	c->participants = sqlite3_column_int64(st, 9);
	c->messages = sqlite3_column_int64(st, 10);
	if (db_text(s, st, 2, c->address, sizeof(c->address)) == -1 ||
	    db_text(s, st, 5, c->taken_name, sizeof(c->taken_name)) == -1 ||
	    db_text(s, st, 6, c->subject, sizeof(c->subject)) == -1)
		return -1;
	return 0;
}

int
store_conversation_get(struct store *s, uint64_t id,
    struct store_conversation *c)
{
	sqlite3_stmt	*st;
	int		 ret;

	if ((st = db_get(s, COLUMNS "WHERE c.id = ?", "i",
	    (int64_t)id)) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill(s, st, c) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_conversation_each(struct store *s, uint64_t mailbox,
    int (*cb)(const struct store_conversation *, void *), void *arg)
{
	struct store_conversation	 c;
	sqlite3_stmt			*st;
	int				 ret;

	if (mailbox == 0)
		st = db_get(s, COLUMNS "ORDER BY c.last DESC", "");
	else
		st = db_get(s, COLUMNS "WHERE c.mailbox = ? "
		    "ORDER BY c.last DESC", "i", (int64_t)mailbox);
	if (st == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill(s, st, &c) == -1) {
			ret = -1;
			break;
		}
		if (cb(&c, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
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
	ret = db_run(s, "INSERT INTO conversation (mailbox, subject, created, "
	    "last) VALUES (?, ?, ?3, ?3)", "iei", (int64_t)mailbox, cut,
	    (int64_t)now);
	if (ret != -1) {
		*id = sqlite3_last_insert_rowid(s->db);
		ret = 0;
	}
	return db_leave(s, ret);
}

int
store_conversation_open(struct store *s, uint64_t id, int open)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE conversation SET open = ?1 WHERE id = ?2 AND "
	    "open <> ?1", "ii", (int64_t)(open != 0), (int64_t)id);
	return db_leave(s, ret);
}

int
store_conversation_take(struct store *s, uint64_t id, uint32_t worker)
{
	int	 ret;

	if (db_enter(s) == -1)
		return -1;
	ret = db_run(s, "UPDATE conversation SET taken = nullif(?, 0) "
	    "WHERE id = ?", "ii", (int64_t)worker, (int64_t)id);
	return db_leave(s, ret);
}

/* In the order of ids: what the writer answers to, then older ones. */
int
store_conversation_find(struct store *s, uint64_t mailbox,
    const char *const *ids, size_t n, const char *writer, uint64_t *id)
{
	char	 bare[STORE_MSGID_MAX + 1], folded[STORE_ADDR_MAX + 1];
	int64_t	 found;
	size_t	 i;
	int	 ret = 0;

	if (store_fold(writer, folded, sizeof(folded)) == -1)
		return 0;
	for (i = 0; i < n && ret == 0; i++) {
		if (rule_msgid(s, ids[i], bare) == -1 || bare[0] == '\0')
			continue;	/* too long to be one of ours */
		ret = db_number(s, &found, "SELECT g.conversation "
		    "FROM message g JOIN participant p "
		    "ON p.conversation = g.conversation AND p.folded = ?3 "
		    "WHERE g.mailbox = ?1 AND g.outside = ?2 "
		    "ORDER BY g.id DESC LIMIT 1", "itt", (int64_t)mailbox,
		    bare, folded);
	}
	if (ret == 1)
		*id = found;
	return ret;
}

static int
fill_participant(struct store *s, sqlite3_stmt *st,
    struct store_participant *p)
{
	p->id = sqlite3_column_int64(st, 0);
	p->conversation = sqlite3_column_int64(st, 1);
	p->unverified = sqlite3_column_int64(st, 2) != 0;
	if (db_text(s, st, 3, p->address, sizeof(p->address)) == -1 ||
	    db_text(s, st, 4, p->folded, sizeof(p->folded)) == -1 ||
	    db_text(s, st, 5, p->name, sizeof(p->name)) == -1)
		return -1;
	return 0;
}

#define PEOPLE								\
	"SELECT id, conversation, unverified, address, folded, name "	\
	"FROM participant "

static int
get_participant(struct store *s, sqlite3_stmt *st,
    struct store_participant *p)
{
	int	 ret;

	if (st == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1 && fill_participant(s, st, p) == -1)
		ret = -1;
	db_done(s, st);
	return ret;
}

int
store_participant_get(struct store *s, uint64_t id,
    struct store_participant *p)
{
	return get_participant(s, db_get(s, PEOPLE "WHERE id = ?", "i",
	    (int64_t)id), p);
}

int
store_participant_byaddr(struct store *s, uint64_t conversation,
    const char *address, struct store_participant *p)
{
	char	 folded[STORE_ADDR_MAX + 1];

	if (store_fold(address, folded, sizeof(folded)) == -1)
		return 0;
	return get_participant(s, db_get(s, PEOPLE "WHERE conversation = ? "
	    "AND folded = ?", "it", (int64_t)conversation, folded), p);
}

int
store_conversation_people(struct store *s, uint64_t id,
    int (*cb)(const struct store_participant *, void *), void *arg)
{
	struct store_participant	 p;
	sqlite3_stmt			*st;
	int				 ret;

	if ((st = db_get(s, PEOPLE "WHERE conversation = ? ORDER BY id", "i",
	    (int64_t)id)) == NULL)
		return -1;
	while ((ret = db_step(s, st)) == 1) {
		if (fill_participant(s, st, &p) == -1) {
			ret = -1;
			break;
		}
		if (cb(&p, arg) != 0) {
			ret = db_fail(s, STORE_REFUSED, "stopped");
			break;
		}
	}
	db_done(s, st);
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
	    "unverified = min(unverified, ?) WHERE id = ?", "eii", name,
	    (int64_t)(unverified != 0), (int64_t)p->id) == -1 ? -1 : 1;
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
	    (int64_t)conversation)) == 1 && n >= (int64_t)max)
		return db_leave(s, 0);
	if (ret != -1)
		ret = db_run(s, "INSERT INTO participant (conversation, "
		    "address, folded, name, unverified, created) "
		    "VALUES (?, ?, ?, ?, ?, ?)", "itteii",
		    (int64_t)conversation, address, folded, cut,
		    (int64_t)(unverified != 0), (int64_t)now);
	if (ret != -1) {
		*id = sqlite3_last_insert_rowid(s->db);
		ret = 1;
	}
	return db_leave(s, ret);
}
