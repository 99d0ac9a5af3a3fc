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

/* Everything as text, and back. */

#include "smtprelayctl/store_export.h"
#include "store/store_identity.h"
#include "store/store_mail.h"
#include "store_util.h"

#define TEXT_MAX	(256 * 1024)

static char	 first[TEXT_MAX], second[TEXT_MAX];

static void
fill(struct store *s)
{
	static const char *const	 addrs[] = { "a@home.example",
					    "a'b@home.example" };
	struct store_message	 m;
	struct store_copy	 c;
	struct store_handle	 h;
	struct store_rpath	 rp;
	struct store_reply	 r;
	struct store_event	 ev;
	enum store_sent		 state;
	char			 rpath[STORE_ADDR_MAX + 1] = "r-1@x.example";
	uint64_t		 box, conv, carol;
	uint32_t		 alice, gone;
	int			 pid = 1;

	box = test_mailbox(s, "support@company.example");
	gone = test_worker(s, "gone", "gone@home.example");
	OK(s, store_worker_add(s, "alice", "Al\\ice \xc3\x84", "al ice",
	    addrs, 2, NOW, &alice));
	CHECK(store_mailbox_join(s, box, alice, NOW) == 1);
	CHECK(store_worker_revoke(s, alice, NOW) == 1);
	gone = test_worker(s, "later", "later@home.example");
	CHECK(store_worker_del(s, gone) == 1);
	OK(s, store_conversation_new(s, box, "a=b\\t", NOW, &conv));
	CHECK(store_participant_add(s, conv, "carol@customer.test", "C", 0, 0,
	    NOW, &carol) == 1);
	OK(s, store_handle_issue(s, alice, conv, carol, NOW, LIFE, &h));
	memset(&m, 0, sizeof(m));
	m.conversation = conv;
	m.kind = STORE_MSG_IN;
	m.participant = carol;
	(void)strcpy(m.smtpd, "eeee0001");
	(void)strcpy(m.outside, "<tab\there\x01@c>");
	CHECK(store_message_add(s, &m, NOW) == 1);
	memset(&c, 0, sizeof(c));
	(void)strcpy(c.msgid, "<relay.secrettoken@company.example>");
	OK(s, store_copy_begin(s, m.id, alice, NOW, &c));
	memset(&rp, 0, sizeof(rp));
	rp.kind = STORE_RPATH_WORKER;
	rp.conversation = conv;
	OK(s, store_rpath_make(s, "company.example", NOW, &rp));
	memset(&r, 0, sizeof(r));
	store_reply_id(r.id);
	r.worker = alice;
	r.mailbox = box;
	r.conversation = conv;
	(void)strcpy(r.dkey, "k");
	(void)strcpy(r.outside, "o@c");
	r.nhandles = 1;
	r.handle[0] = h.id;
	OK(s, store_reply_add(s, &r, NOW));
	OK(s, store_sent_begin(s, alice, "k", h.id, NOW, &pid, rpath,
	    sizeof(rpath), &state));
	CHECK(store_commands_once(s, alice, "k", NOW) == 1);
	memset(&ev, 0, sizeof(ev));
	(void)strcpy(ev.kind, "bounce");
	(void)strcpy(ev.text, "x");
	OK(s, store_event_add(s, &ev, NOW));
}

#define SEALED	"c2VhbGVkLXNlY3JldA=="

/* Accounts and identities, one of which waits for its code. */
static void
outbound(struct store *s)
{
	struct store_account	 acc;
	struct store_rpath	 rp;
	char			 code[STORE_CODE_TEXT + 1];
	char			 rpath[STORE_ADDR_MAX + 1];
	uint64_t		 id;

	memset(&acc, 0, sizeof(acc));
	(void)strcpy(acc.name, "partner");
	(void)strcpy(acc.host, "smtp.partner.example");
	(void)strcpy(acc.user, "alice-there");
	acc.transport = STORE_SMTPS;
	acc.port = 465;
	acc.auth = STORE_AUTH_PASSWORD;
	CHECK(store_account_put(s, &acc, SEALED, NOW) == 1);
	CHECK(store_account_failed(s, acc.id, acc.generation, "auth",
	    "535 5.7.8 no", NOW + 9, NOW) == 1);
	OK(s, store_identity_add(s, "al ice", "Al@partner.example", acc.id, 1,
	    test_domains, 2, NOW, &id));
	OK(s, store_identity_add(s, "al ice", "@partner.example", 0, 0,
	    test_domains, 2, NOW, &id));
	OK(s, store_identity_code(s, id, "company.example", NOW, code,
	    rpath));
	CHECK(store_wrap(s, "sf", "jo=company.example__x@verp.test",
	    "company.example", NOW, &rp) == 1);
}

static int
check_null(const struct store_account *acc, void *arg)
{
	(*(int *)arg)++;
	CHECK(acc->transport == STORE_NULL && acc->port == 0);
	CHECK(acc->host[0] == '\0' && acc->user[0] == '\0');
	CHECK(acc->auth == STORE_AUTH_NONE && acc->failures == 0);
	return 0;
}

/* Nothing in the file or in its log, however it was imported. */
static int
file_holds(const char *what)
{
	static char	 buf[4 * 1024 * 1024];
	static const char *const suffix[] = { "", "-wal" };
	char		 path[256];
	FILE		*fp;
	size_t		 i, n;

	for (i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", test_path,
		    suffix[i]);
		if ((fp = fopen(path, "r")) == NULL)
			exit(1);
		n = fread(buf, 1, sizeof(buf), fp);
		fclose(fp);
		if (memmem(buf, n, what, strlen(what)) != NULL)
			return 1;
	}
	return 0;
}

static uint64_t
export_to(struct store *s, int flags, char *buf)
{
	FILE		*fp;
	uint64_t	 rows = 0;

	memset(buf, 0, TEXT_MAX);
	if ((fp = fmemopen(buf, TEXT_MAX - 1, "w")) == NULL)
		exit(1);
	OK(s, store_export(s, fp, flags, &rows));
	fclose(fp);
	return rows;
}

static int
import_from(struct store *s, const char *text, size_t len, uint64_t *rows)
{
	FILE	*fp;
	int	 ret;

	if ((fp = fmemopen((void *)(uintptr_t)text, len, "r")) == NULL)
		exit(1);
	ret = store_import(s, fp, rows);
	fclose(fp);
	return ret;
}

static struct store *
fresh(const char *name)
{
	(void)snprintf(test_path, sizeof(test_path), "%s/%s.db", test_dir,
	    name);
	return test_open(STORE_CREATE);
}

/* What is no export, or against the rules. */
static const char *const	 bad[] = {
	"relay-export 2\nend 0\n", "", "\n", "relay-export 1\n",
	"relay-export 1\nnosuch\ta=b\nend 1\n",
	"relay-export 1\nmailbox\tid\nend 1\n",
	"relay-export 1\nmailbox\tid=x\taddress=a@b\tcreated=1\n"
	    "end 1\n",
	"relay-export 1\nmailbox\tid=1\tid=1\nend 1\n",
	"relay-export 1\nmailbox\tid=1\tnosuch=1\nend 1\n",
	"relay-export 1\nmailbox\tid=1\tcreated=1\nend 1\n",
	"relay-export 1\nmailbox\tid=1\taddress=a@b\\q\t"
	    "created=1\nend 1\n",
	"relay-export 1\nmailbox\tid=1\taddress=-a@b\tcreated=1\n"
	    "end 1\n",
	"relay-export 1\nmember\tmailbox=7\tworker=7\tsince=1\n"
	    "end 1\n",
	"relay-export 1\nworker\tid=1\tname=a b\tenabled=1\t"
	    "revoked=0\tcreated=1\nend 1\n",
	"relay-export 1\nsqlite_sequence\tname=mailbox\nend 1\n",
	"relay-export 1\naccount\tid=1\tname=courier\ttransport=null\t"
	    "generation=1\tcreated=1\tchanged=1\nend 1\n",
	"relay-export 1\naccount\tid=1\tname=a\ttransport=none\t"
	    "generation=1\tcreated=1\tchanged=1\nend 1\n",
	"relay-export 1\naccount\tid=1\tname=a\ttransport=null\t"
	    "generation=0\tcreated=1\tchanged=1\nend 1\n",
	"relay-export 1\naccount\tid=1\tname=a\ttransport=smtps\t"
	    "host=h\tport=1\tauth=1\tgeneration=1\tcreated=1\t"
	    "changed=1\nend 1\n",
	"relay-export 1\nidentity\tid=1\tuser=Al\taddress=a@b\t"
	    "folded=a@b\tcreated=1\nend 1\n",
	"relay-export 1\nidentity\tid=1\tuser=al\taddress=a@b\t"
	    "folded=a@c\tcreated=1\nend 1\n",
	"relay-export 1\nidentity\tid=1\tuser=al\taddress=a@b\t"
	    "folded=a@b\taccount=7\tcreated=1\nend 1\n",
	"relay-export 1\nidentity\tid=1\tuser=al\taddress=@b\t"
	    "folded=@b\tcreated=1\nidentity\tid=2\tuser=bo\t"
	    "address=a@b\tfolded=a@b\tcreated=1\nend 2\n",
	"relay-export 1\nidentity\tid=1\tuser=al\taddress=a@b\t"
	    "folded=a@b\tcreated=1\nidentity\tid=2\tuser=bo\t"
	    "address=a+x@b\tfolded=a+x@b\tcreated=1\nend 2\n",
	"relay-export 1\nmailbox\tid=1\taddress=a@b\tcreated=1\n"
	    "identity\tid=2\tuser=bo\taddress=a+x@b\t"
	    "folded=a+x@b\tcreated=1\nend 2\n",
	"relay-export 1\nend 1\n", "relay-export 1\nend 0",
};
/* Every way to cut or spoil the text is refused, and leaves nothing. */
static void
spoil(struct store *s, size_t len)
{

	struct store_counts	 c;
	uint64_t		 rows;
	size_t			 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(import_from(s, bad[i], strlen(bad[i]) + (bad[i][0] ==
		    '\0'), &rows) == -1);
		if (store_error(s)->kind != STORE_REFUSED)
			fprintf(stderr, "%zu: %s\n", i, store_error(s)->text);
		CHECK(store_error(s)->kind == STORE_REFUSED);
	}
	for (i = 1; i < len; i += 97)
		CHECK(import_from(s, first, i, &rows) == -1);
	OK(s, store_counts(s, NOW, &c));
	CHECK(c.mailboxes == 0 && c.workers == 0 && c.conversations == 0);
}

/* What was exported without secrets has none once it is imported. */
static void
sandbox(void)
{
	struct store	*s;
	uint64_t	 got;
	int		 n = 0;

	s = fresh("two");
	(void)export_to(s, STORE_EXPORT_SANDBOX, second);
	CHECK(file_holds(SEALED));
	store_close(s);
	s = fresh("three");
	OK(s, import_from(s, second, strlen(second), &got));
	OK(s, store_account_each(s, check_null, &n));
	CHECK(n == 1);
	CHECK(store_sound(s) == 1);
	CHECK(!file_holds(SEALED) && !file_holds("alice-there") &&
	    !file_holds("secrettoken"));
	store_close(s);
}

int
main(void)
{
	struct store		*s;
	struct store_worker	 w;
	uint64_t		 rows, got, id;
	uint32_t		 next;

	test_begin();
	s = fresh("one");
	fill(s);
	outbound(s);
	rows = export_to(s, 0, first);
	CHECK(rows > 20);
	CHECK(strstr(first, "secrettoken") != NULL);
	FAILS(s, import_from(s, first, strlen(first), &got), STORE_REFUSED);
	CHECK(strstr(first, SEALED) != NULL);
	(void)export_to(s, STORE_EXPORT_SANDBOX, second);
	CHECK(strstr(second, SEALED) == NULL);
	CHECK(strstr(second, "smtp.partner.example") == NULL);
	CHECK(strstr(second, "alice-there") == NULL);
	CHECK(strstr(second, "identity_code") == NULL);
	CHECK(strstr(second, "secrettoken") == NULL);
	CHECK(strstr(second, "\nhandle\t") == NULL);
	CHECK(strstr(second, "support+") == NULL);
	CHECK(strstr(second, "r-") == NULL);
	store_close(s);

	s = fresh("two");
	spoil(s, strlen(first));
	OK(s, import_from(s, first, strlen(first), &got));
	CHECK(got == rows);
	CHECK(export_to(s, 0, second) == rows);
	CHECK_STR(second, first);
	CHECK(store_sound(s) == 1);
	CHECK(store_worker_get(s, "alice", &w) == 1 && w.revoked == NOW);
	CHECK_STR(w.login, "al ice");
	/* The id of the worker who was deleted is not given again. */
	next = test_worker(s, "next", "next@home.example");
	CHECK(next == w.id + 2);
	FAILS(s, store_mailbox_add(s, "support@company.example", NULL, NULL,
	    test_domains, 2, NOW, &id), STORE_REFUSED);
	store_close(s);
	sandbox();
	test_end();
	return test_done();
}
