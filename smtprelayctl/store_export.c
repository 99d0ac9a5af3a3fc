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

#include <errno.h>

#include "base/lex.h"
#include "store/store_admin.h"
#include "store/store_db.h"
#include "store/store_identity.h"
#include "store/store_mail.h"
#include "store/store_watch.h"
#include "store_export.h"

/* What an export holds, for the writer and the reader of it. */

#define EXPORT_COLUMNS	12
#define EXPORT_SQL_MAX	512
#define EXPORT_LINE_MAX	(32 * 1024)	/* bytes of a line */

struct export_column {
	const char	*name;		/* NULL ends the list */
	size_t		 max;		/* bytes of a text; 0: a number */
};

struct export_table {
	const char	*name;
	int		 secret;	/* not in a sandbox copy */
	const char	*sandbox;	/* SQL of what stands there instead of
					 * the table, or NULL */
	struct export_column column[EXPORT_COLUMNS];
};

/*
 * In a sandbox copy no account has a secret, a server, or a login, and what
 * is sent through one is discarded.
 */
#define NO_ACCOUNT							\
	"(SELECT id, name, 'null' AS transport, NULL AS host, 0 AS port," \
	" NULL AS user, 0 AS auth, NULL AS secret, generation, created," \
	" changed FROM account)"

/* Parents before children.  What smtpd's queue outlives is left out. */
static const struct export_table	 tables[] = {
	{ "mailbox", 0, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX },
		{ "name", STORE_NAME_MAX }, { "archive", STORE_ADDR_MAX },
		{ "created", 0 } } },
	{ "worker", 0, NULL, {
		{ "id", 0 }, { "name", STORE_WORKER_MAX },
		{ "display", STORE_NAME_MAX }, { "login", STORE_LOGIN_MAX },
		{ "enabled", 0 }, { "revoked", 0 }, { "created", 0 } } },
	{ "worker_address", 0, NULL, {
		{ "id", 0 }, { "worker", 0 }, { "address", STORE_ADDR_MAX },
		{ "folded", STORE_ADDR_MAX }, { "failing", 0 },
		{ "status", STORE_STATUS_MAX },
		{ "diagnostic", STORE_DIAG_MAX } } },
	{ "member", 0, NULL, {
		{ "mailbox", 0 }, { "worker", 0 }, { "since", 0 } } },
	{ "conversation", 0, NULL, {
		{ "id", 0 }, { "mailbox", 0 }, { "open", 0 }, { "taken", 0 },
		{ "subject", STORE_SUBJECT_MAX }, { "created", 0 },
		{ "last", 0 } } },
	{ "participant", 0, NULL, {
		{ "id", 0 }, { "conversation", 0 },
		{ "address", STORE_ADDR_MAX }, { "folded", STORE_ADDR_MAX },
		{ "name", STORE_NAME_MAX }, { "unverified", 0 },
		{ "created", 0 } } },
	{ "handle", 1, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX }, { "worker", 0 },
		{ "conversation", 0 }, { "participant", 0 },
		{ "created", 0 }, { "expires", 0 }, { "revoked", 0 },
		{ "current", 0 } } },
	{ "message", 0, NULL, {
		{ "id", 0 }, { "conversation", 0 }, { "mailbox", 0 },
		{ "kind", 0 }, { "created", 0 }, { "participant", 0 },
		{ "worker", 0 }, { "author", STORE_ADDR_MAX },
		{ "smtpd", STORE_SMTPD_MAX }, { "outside", STORE_MSGID_MAX },
		{ "own", STORE_MSGID_MAX } } },
	{ "copy", 1, NULL, {
		{ "id", 0 }, { "message", 0 }, { "worker", 0 },
		{ "msgid", STORE_MSGID_MAX }, { "rpath", STORE_ADDR_MAX },
		{ "begun", 0 }, { "queued", 0 } } },
	{ "rpath", 1, NULL, {
		{ "id", 0 }, { "address", STORE_ADDR_MAX }, { "kind", 0 },
		{ "conversation", 0 }, { "message", 0 }, { "worker", 0 },
		{ "participant", 0 }, { "sent_to", STORE_ADDR_MAX },
		{ "created", 0 }, { "expires", 0 }, { "quoted", 0 },
		{ "gate", STORE_GATE_MAX } } },
	{ "reply", 1, NULL, {
		{ "id", STORE_REPLY_ID }, { "worker", 0 }, { "mailbox", 0 },
		{ "conversation", 0 }, { "smtpd", STORE_SMTPD_MAX },
		{ "own", STORE_MSGID_MAX }, { "dkey", STORE_DKEY_MAX },
		{ "outside", STORE_MSGID_MAX },
		{ "commands", STORE_COMMANDS_MAX }, { "created", 0 } } },
	{ "reply_handle", 1, NULL, {
		{ "reply", STORE_REPLY_ID }, { "handle", 0 } } },
	{ "sent", 1, NULL, {
		{ "worker", 0 }, { "dkey", STORE_DKEY_MAX },
		{ "handle", 0 }, { "rpath", STORE_ADDR_MAX }, { "pid", 0 },
		{ "begun", 0 }, { "queued", 0 } } },
	{ "command", 0, NULL, {
		{ "worker", 0 }, { "dkey", STORE_DKEY_MAX },
		{ "created", 0 } } },
	{ "outid", 0, NULL, {
		{ "id", 32 }, { "outside", STORE_MSGID_MAX },
		{ "created", 0 } } },
	{ "account", 0, NO_ACCOUNT, {
		{ "id", 0 }, { "name", STORE_ACCOUNT_MAX },
		{ "transport", 16 }, { "host", STORE_HOST_MAX },
		{ "port", 0 }, { "user", STORE_AUTHUSER_MAX },
		{ "auth", 0 }, { "secret", STORE_SECRET_MAX },
		{ "generation", 0 }, { "created", 0 }, { "changed", 0 } } },
	{ "account_state", 1, NULL, {
		{ "account", 0 }, { "failures", 0 },
		{ "stage", STORE_STAGE_MAX }, { "reason", STORE_REASON_MAX },
		{ "failed", 0 }, { "retry", 0 }, { "succeeded", 0 } } },
	{ "identity", 0, NULL, {
		{ "id", 0 }, { "user", STORE_LOGIN_MAX },
		{ "address", STORE_ADDR_MAX }, { "folded", STORE_ADDR_MAX },
		{ "account", 0 }, { "verified", 0 }, { "created", 0 } } },
	{ "identity_code", 1, NULL, {
		{ "identity", 0 }, { "tag", 4 }, { "hash", 64 },
		{ "expires", 0 }, { "tries", 0 }, { "rpath", 0 },
		{ "bounced", STORE_DIAG_MAX } } },
	{ "event", 0, NULL, {
		{ "id", 0 }, { "created", 0 }, { "kind", 31 },
		{ "mailbox", 0 }, { "conversation", 0 }, { "worker", 0 },
		{ "text", STORE_TEXT_MAX } } },
	{ "sqlite_sequence", 0, NULL, {
		{ "name", 32 }, { "seq", 0 } } },
};

#define NTABLES		(sizeof(tables) / sizeof(tables[0]))
#define COUNTERS	(NTABLES - 1)	/* the table of the last ids given */

static int
count_columns(const struct export_table *t)
{
	int	 n;

	for (n = 0; n < EXPORT_COLUMNS && t->column[n].name != NULL; n++)
		continue;
	return n;
}

struct import {
	struct store		*s;
	FILE			*fp;
	struct db_query		*insert[NTABLES];
	uint64_t		 lineno;
	char			 line[EXPORT_LINE_MAX];
};

static int
fail_line(struct import *im, const char *what)
{
	return db_fail(im->s, STORE_REFUSED, "import: line %llu: %s",
	    (unsigned long long)im->lineno, what);
}

/* Reads one line without its newline: 1, 0 at the end, or -1. */
static int
get_line(struct import *im)
{
	size_t	 len = 0;
	int	 c;

	im->lineno++;
	while ((c = fgetc(im->fp)) != EOF && c != '\n') {
		if (len == sizeof(im->line) - 1)
			return fail_line(im, "too long");
		if (c == '\0')
			return fail_line(im, "not text");
		im->line[len++] = c;
	}
	im->line[len] = '\0';
	if (c == EOF && ferror(im->fp))
		return fail_line(im, strerror(errno));
	if (c == EOF && len > 0)
		return fail_line(im, "ends in the middle");
	return c != EOF;
}

/* What stands behind a backslash for what cannot stand in a value. */
static const char	 special[] = "\\\t\n\r", letters[] = "\\tnr";

/* Takes the escapes out where they stand; -1 if one is malformed. */
static int
unescape(char *p)
{
	const char	*l;
	char		*o = p;

	for (; *p != '\0'; p++) {
		if (*p != '\\') {
			*o++ = *p;
			continue;
		}
		if (*++p == '\0')
			return -1;
		if ((l = strchr(letters, *p)) != NULL) {
			*o++ = special[l - letters];
			continue;
		}
		if (*p != 'x' || lex_hex(p[1]) == -1 || lex_hex(p[2]) == -1 ||
		    (p[1] == '0' && p[2] == '0'))
			return -1;
		*o++ = lex_hex(p[1]) << 4 | lex_hex(p[2]);
		p += 2;
	}
	*o = '\0';
	return 0;
}

/* Writes their names, as SQL has them: -1 if they do not fit. */
static int
list_columns(const struct export_table *t, char *buf, size_t size)
{
	int	 i, n = count_columns(t);

	buf[0] = '\0';
	for (i = 0; i < n; i++)
		if (strlcat(buf, i > 0 ? ", " : "", size) >= size ||
		    strlcat(buf, t->column[i].name, size) >= size)
			return -1;
	return 0;
}

static struct db_query *
get_insert(struct import *im, size_t i)
{
	static const char	 marks[] = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";
	char			 columns[EXPORT_SQL_MAX], sql[EXPORT_SQL_MAX];

	if (im->insert[i] != NULL)
		return im->insert[i];
	if (list_columns(&tables[i], columns, sizeof(columns)) == -1 ||
	    (size_t)snprintf(sql, sizeof(sql), "INSERT INTO %s (%s) "
	    "VALUES (%.*s)", tables[i].name, columns,
	    3 * count_columns(&tables[i]) - 2, marks) >= sizeof(sql)) {
		(void)db_fail(im->s, STORE_OTHER, "import: too many columns");
		return NULL;
	}
	return im->insert[i] = db_prepare(im->s, sql);
}

/* Nothing here is negative; what is near the end leaves no ids to give. */
static int
check_number(const char *v, int64_t min)
{
	const char	*bad;

	(void)strtonum(v, min, INT64_MAX / 4, &bad);
	return bad == NULL ? 0 : -1;
}

/* Takes NAME=VALUE apart: the value goes to the place of its column. */
static int
take_field(struct import *im, const struct export_table *t, char *field,
    const char *values[EXPORT_COLUMNS])
{
	const struct export_column	*c = t->column;
	char				*value;
	int				 k, n = count_columns(t);

	if ((value = strchr(field, '=')) == NULL)
		return fail_line(im, "expected NAME=VALUE");
	*value++ = '\0';
	for (k = 0; k < n; k++)
		if (strcmp(c[k].name, field) == 0)
			break;
	if (k == n)
		return fail_line(im, "unknown column");
	if (values[k] != NULL)
		return fail_line(im, "a column stands twice");
	if (unescape(value) == -1)
		return fail_line(im, "malformed escape");
	if (c[k].max == 0 && check_number(value,
	    strcmp(field, "id") == 0) == -1)
		return fail_line(im, "a number was expected");
	if (c[k].max != 0 && strlen(value) > c[k].max)
		return fail_line(im, "a value is too long");
	values[k] = value;
	return 0;
}

/*
 * The counters from which ids are taken only grow: rows that were just
 * inserted have set them already.
 */
static int
raise_counter(struct import *im, char *rest)
{
	const struct export_table	*t = &tables[COUNTERS];
	char				*f, *name = NULL, *seq = NULL;
	int				 n;

	while ((f = strsep(&rest, "\t")) != NULL) {
		if (strncmp(f, "name=", 5) == 0)
			name = f + 5;
		else if (strncmp(f, "seq=", 4) == 0)
			seq = f + 4;
		else
			return fail_line(im, "unknown column");
	}
	if (name == NULL || seq == NULL || strlen(name) > t->column[0].max ||
	    check_number(seq, 0) == -1)
		return fail_line(im, "a counter is malformed");
	n = db_run(im->s, "UPDATE sqlite_sequence SET seq = max(seq, cast(?2 "
	    "AS INTEGER)) WHERE name = ?1", "tt", name, seq);
	if (n == 0)
		n = db_run(im->s, "INSERT INTO sqlite_sequence (name, seq) "
		    "SELECT name, cast(?2 AS INTEGER) FROM sqlite_schema "
		    "WHERE name = ?1 AND type = 'table'", "tt", name, seq);
	return n == -1 ? -1 : 0;
}

static int
insert_row(struct import *im)
{
	const char	*values[EXPORT_COLUMNS] = { NULL };
	struct db_query	*q;
	char		*rest = im->line, *name, *f;
	size_t		 i;

	name = strsep(&rest, "\t");
	for (i = 0; i < NTABLES; i++)
		if (strcmp(tables[i].name, name) == 0)
			break;
	if (i == NTABLES)
		return fail_line(im, "unknown table");
	if (i == COUNTERS)
		return raise_counter(im, rest);
	if ((q = get_insert(im, i)) == NULL)
		return -1;
	while ((f = strsep(&rest, "\t")) != NULL)
		if (take_field(im, &tables[i], f, values) == -1)
			return -1;
	if (db_run_texts(im->s, q, values, count_columns(&tables[i])) != -1)
		return 0;
	if (store_error(im->s)->kind == STORE_REFUSED)
		return fail_line(im, db_reason(im->s));
	return -1;
}

struct rules {
	struct store	*s;
	char		 bad[STORE_ADDR_MAX + 1];
};

/* Remembers what is looked at: it is told if it is against the rules. */
static void
look_at(struct rules *rules, const char *name)
{
	(void)strlcpy(rules->bad, name, sizeof(rules->bad));
}

static int
is_folded(const char *address, const char *folded)
{
	char	 buf[STORE_ADDR_MAX + 1];

	return store_fold(address, buf, sizeof(buf)) == 0 &&
	    strcmp(buf, folded) == 0;
}

static int
check_worker(const struct store_worker *w, void *arg)
{
	struct rules	*rules = arg;

	look_at(rules, w->name);
	return rule_worker(rules->s, w->name);
}

static int
check_address(const struct store_worker_addr *a, void *arg)
{
	struct rules	*rules = arg;

	look_at(rules, a->address);
	return rule_address(rules->s, a->address) == -1 ||
	    !is_folded(a->address, a->folded);
}

static int
check_mailbox(const struct store_mailbox *mb, void *arg)
{
	struct rules	*rules = arg;
	const char	*domain;

	look_at(rules, mb->address);
	if ((domain = strrchr(mb->address, '@')) == NULL)
		return -1;
	domain++;
	if (rule_mailbox(rules->s, mb->address, &domain, 1) == -1)
		return -1;
	if (mb->archive[0] == '\0')
		return 0;
	look_at(rules, mb->archive);
	if (rule_address(rules->s, mb->archive) == -1)
		return -1;
	return store_is_ours(rules->s, mb->archive);
}

static int
check_key(const struct store_change *key, void *arg)
{
	struct rules	*rules = arg;

	look_at(rules, key->address);
	return rule_address(rules->s, key->address) == -1 ||
	    !is_folded(key->address, key->address);
}

static int
check_account(const struct store_account *acc, void *arg)
{
	struct rules	*rules = arg;
	char		*sealed;
	int		 ret;

	look_at(rules, acc->name);
	if ((sealed = malloc(STORE_SECRET_MAX + 1)) == NULL)
		return -1;
	ret = store_account_secret(rules->s, acc->id, acc->generation, sealed,
	    STORE_SECRET_MAX + 1);
	free(sealed);
	if (ret == -1 || acc->generation == 0)
		return -1;
	return rule_account(rules->s, acc, ret);
}

static int
check_identity(const struct store_identity *idt, void *arg)
{
	struct rules	*rules = arg;
	char		 user[STORE_LOGIN_MAX + 1];

	look_at(rules, idt->address);
	return store_identity_form(rules->s, idt->address) == -1 ||
	    !is_folded(idt->address, idt->folded) ||
	    store_identity_user(rules->s, idt->user, user) == -1 ||
	    strcmp(user, idt->user) != 0;
}

/* Of an identity i with a tag, the address without it, or NULL. */
#define BARE	"iif(instr(i.folded, '+') BETWEEN 2 AND"		\
		" instr(i.folded, '@'), substr(i.folded, 1,"		\
		" instr(i.folded, '+') - 1) ||"				\
		" substr(i.folded, instr(i.folded, '@')), NULL)"

/* What no foreign key says: each finds rows that do not fit together. */
static const char *const	 misfits[] = {
	"SELECT 1 FROM pragma_foreign_key_check LIMIT 1",
	"SELECT 1 FROM message m JOIN conversation c ON c.id = m.conversation"
	" WHERE m.mailbox <> c.mailbox LIMIT 1",
	"SELECT 1 FROM reply r JOIN conversation c ON c.id = r.conversation"
	" WHERE r.mailbox <> c.mailbox LIMIT 1",
	"SELECT 1 FROM handle h LEFT JOIN participant p"
	" ON p.id = h.participant AND p.conversation = h.conversation"
	" WHERE p.id IS NULL LIMIT 1",
	"SELECT 1 FROM participant WHERE address GLOB '*[^!-~]*'"
	" OR folded <> lower(address) LIMIT 1",
	"SELECT 1 FROM identity i JOIN identity d"
	" ON d.folded = substr(i.folded, instr(i.folded, '@'))"
	" WHERE d.user <> i.user LIMIT 1",
	"SELECT 1 FROM worker_address a JOIN identity d"
	" ON d.folded = substr(a.folded, instr(a.folded, '@'))"
	" JOIN worker w ON w.id = a.worker"
	" WHERE w.login IS NULL OR lower(w.login) <> d.user LIMIT 1",
	"SELECT 1 FROM mailbox m JOIN identity d"
	" ON d.folded = substr(m.address, instr(m.address, '@')) LIMIT 1",
	"SELECT 1 FROM identity i JOIN identity d ON d.folded = " BARE
	" WHERE d.user <> i.user LIMIT 1",
	"SELECT 1 FROM identity i JOIN worker_address a ON a.folded = " BARE
	" JOIN worker w ON w.id = a.worker"
	" WHERE w.login IS NULL OR lower(w.login) <> i.user LIMIT 1",
	"SELECT 1 FROM identity i JOIN mailbox m ON m.address = " BARE
	" LIMIT 1",
	"SELECT 1 FROM rpath WHERE (kind = 4) <> (gate IS NOT NULL)"
	" OR gate = '' OR (kind = 4 AND (conversation IS NOT NULL"
	" OR sent_to IS NULL OR sent_to NOT GLOB '?*@?*'"
	" OR sent_to GLOB '*[^!-~]*' OR sent_to GLOB '*[,<>]*')) LIMIT 1",
	"SELECT 1 FROM identity_code c JOIN identity i ON i.id = c.identity"
	" WHERE i.verified IS NOT NULL OR length(c.hash) <> 64"
	" OR length(c.tag) <> 4 LIMIT 1"
};

/* What was typed elsewhere must be what could have been typed here. */
static int
check_rules(struct store *s)
{
	struct rules	 rules = { s, "" };
	int64_t		 n;
	size_t		 i;
	int		 ret = 0;

	for (i = 0; i < sizeof(misfits) / sizeof(misfits[0]) && ret == 0; i++)
		ret = db_number(s, &n, misfits[i], "");
	if (ret == 1)
		return db_fail(s, STORE_REFUSED, "import: a row refers to "
		    "one that is not there or not its own, or holds what is "
		    "no address");
	if (ret == -1)
		return -1;
	if (store_mailbox_each(s, 0, check_mailbox, &rules) == 0 &&
	    store_worker_each(s, check_worker, &rules) == 0 &&
	    store_worker_addrs(s, 0, check_address, &rules) == 0 &&
	    store_keys_all(s, 0, &n, check_key, &rules) == 0 &&
	    store_account_each(s, check_account, &rules) == 0 &&
	    store_identity_each(s, NULL, check_identity, &rules) == 0)
		return 0;
	return db_fail(s, STORE_REFUSED, "import: %s is against the rules "
	    "for addresses and names", rules.bad);
}

static int
read_all(struct import *im, uint64_t *rows)
{
	char	 want[64];
	int64_t	 n;
	int	 ret;

	if (db_number(im->s, &n, "SELECT (SELECT count(*) FROM mailbox) + "
	    "(SELECT count(*) FROM worker) + (SELECT count(*) FROM account) + "
	    "(SELECT count(*) FROM identity)", "") != 1)
		return -1;
	if (n != 0)
		return db_fail(im->s, STORE_REFUSED, "import: the database "
		    "is not empty");
	if (db_run(im->s, "PRAGMA defer_foreign_keys = ON", "") == -1)
		return -1;
	if ((ret = get_line(im)) == -1)
		return -1;
	(void)snprintf(want, sizeof(want), "relay-export %d",
	    STORE_EXPORT_VERSION);
	if (ret == 0 || strcmp(im->line, want) != 0)
		return fail_line(im, "expected: relay-export 1");
	while ((ret = get_line(im)) == 1) {
		(void)snprintf(want, sizeof(want), "end %llu",
		    (unsigned long long)*rows);
		if (strncmp(im->line, "end ", 4) == 0)
			return strcmp(im->line, want) == 0 ?
			    check_rules(im->s) :
			    fail_line(im, "the number of lines is another");
		if (insert_row(im) == -1)
			return -1;
		(*rows)++;
	}
	return ret == -1 ? -1 : fail_line(im, "the end is missing");
}

int
store_import(struct store *s, FILE *fp, uint64_t *rows)
{
	struct import	*im;
	size_t		 i;
	int		 ret;

	*rows = 0;
	if ((im = calloc(1, sizeof(*im))) == NULL)
		return db_fail(s, STORE_OTHER, "out of memory");
	im->s = s;
	im->fp = fp;
	if ((ret = db_enter(s)) == 0) {
		ret = read_all(im, rows);
		for (i = 0; i < NTABLES; i++)
			db_done(im->insert[i]);
		ret = db_leave(s, ret);
	}
	free(im);
	return ret;
}

static void
put_value(FILE *fp, const char *text)
{
	const char	*l;
	unsigned char	 c;

	for (; (c = *text) != '\0'; text++) {
		if ((l = strchr(special, c)) != NULL)
			fprintf(fp, "\\%c", letters[l - special]);
		else if (c < 0x20 || c == 0x7f)
			fprintf(fp, "\\x%02x", c);
		else
			fputc(c, fp);
	}
}

static int
put_row(struct store *s, FILE *fp, const struct export_table *t,
    struct db_query *q)
{
	const char	*text;
	int		 i, n = count_columns(t), ret;

	fputs(t->name, fp);
	for (i = 0; i < n; i++) {
		if ((ret = db_column(s, q, i, &text)) == -1)
			return -1;
		if (ret == 0)
			continue;
		fprintf(fp, "\t%s=", t->column[i].name);
		put_value(fp, text);
	}
	fputc('\n', fp);
	return 1;
}

static int
put_table(struct store *s, FILE *fp, const struct export_table *t,
    int flags, uint64_t *rows)
{
	struct db_query	*q;
	const char	*from = t->name;
	char		 columns[EXPORT_SQL_MAX], sql[EXPORT_SQL_MAX];
	int		 ret;

	if (t->sandbox != NULL && (flags & STORE_EXPORT_SANDBOX))
		from = t->sandbox;
	if (list_columns(t, columns, sizeof(columns)) == -1 ||
	    (size_t)snprintf(sql, sizeof(sql), "SELECT %s FROM %s "
	    "ORDER BY 1, 2", columns, from) >= sizeof(sql))
		return db_fail(s, STORE_OTHER, "export: too many columns");
	if ((q = db_prepare(s, sql)) == NULL)
		return -1;
	while ((ret = db_step(s, q)) == 1 &&
	    (ret = put_row(s, fp, t, q)) == 1)
		(*rows)++;
	db_done(q);
	return ret;
}

int
store_export(struct store *s, FILE *fp, int flags, uint64_t *rows)
{
	size_t	 i;
	int	 fixed, ret = 0;

	*rows = 0;
	if ((fixed = db_fix(s)) == -1)
		return -1;
	fprintf(fp, "relay-export %d\n", STORE_EXPORT_VERSION);
	for (i = 0; i < NTABLES && ret == 0; i++)
		if (!tables[i].secret || !(flags & STORE_EXPORT_SANDBOX))
			ret = put_table(s, fp, &tables[i], flags, rows);
	if (db_unfix(s, fixed, ret) == -1)
		return -1;
	fprintf(fp, "end %llu\n", (unsigned long long)*rows);
	if (ferror(fp) || fflush(fp) == EOF)
		return db_fail(s, errno == ENOSPC ? STORE_FULL : STORE_OTHER,
		    "export: %s", strerror(errno));
	return 0;
}
