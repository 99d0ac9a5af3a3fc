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

/* What the front and its peers are made of: lines, tables, messages. */

#include <sys/types.h>
#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "filter-relay/boxes.c"
#include "filter-relay/output.c"
#include "filter-relay/pending.c"
#include "filter-relay/proto.c"
#include "filter-relay/session.c"
#include "filter-relay/verdict.c"
#include "test.h"

#define SID	"0123456789abcdef"
#define TOKEN	"fedcba9876543210"

static struct proto_line pl;

static enum proto_kind
kind(const char *line)
{
	proto_parse(line, strlen(line), &pl);
	return pl.kind;
}

static void
test_kinds(void)
{
	CHECK(kind("config|ready") == PROTO_READY);
	CHECK(kind("config|admd|mx") == PROTO_CONFIG);
	CHECK(kind("report|0.7|1.5|smtp-in|link-connect|" SID "|a|b|c|d") ==
	    PROTO_CONNECT);
	CHECK(pl.old == 0 && memcmp(pl.sid, SID, PROTO_ID) == 0);
	CHECK(kind("report|0.6|1.5|smtp-in|link-disconnect|" SID) ==
	    PROTO_DISCONNECT && pl.old == 1);
	CHECK(kind("report|0.7|1.5|smtp-in|timeout|" SID) == PROTO_OTHER);
	CHECK(kind("filter|0.7|1.5|smtp-in|mail-from|" SID "|" TOKEN "|a@b")
	    == PROTO_MAIL_FROM);
	CHECK(pl.paramlen == 3 && memcmp(pl.param, "a@b", 3) == 0);
	CHECK(kind("filter|0.10|1.5|smtp-in|commit|" SID "|" TOKEN "|") ==
	    PROTO_COMMIT && pl.old == 0 && pl.paramlen == 0);
	CHECK(kind("filter|0.7|1.5|smtp-in|quit|" SID "|" TOKEN "|") ==
	    PROTO_REQUEST);
	CHECK(kind("filter|0.7|1.5|smtp-in|data-line|" SID "|" TOKEN "|a|b")
	    == PROTO_DATA_LINE && pl.paramlen == 3);
}

static void
test_junk(void)
{
	static const char *const junk[] = {
		"", "|", "filter", "filter|", "report|0.7|1.5|smtp-in|x|",
		"filter|0.7|1.5|smtp-in|commit|" SID "|" TOKEN,
		"filter|0.7|1.5|smtp-in|commit|" SID,
		"filter|1.7|1.5|smtp-in|commit|" SID "|" TOKEN "|",
		"filter|0.x|1.5|smtp-in|commit|" SID "|" TOKEN "|",
		"filter|0.7|1.5|smtp-out|commit|" SID "|" TOKEN "|",
		"filter|0.7|1.5|smtp-in|commit|x" SID "|" TOKEN "|",
		"report|0.7|1.5|smtp-in|link-auth|" SID "x|pass|u",
		"Config|ready", " config|ready"
	};
	size_t i;

	for (i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		CHECK(kind(junk[i]) == PROTO_JUNK);
}

static void
test_fields(void)
{
	const char *s;
	size_t len;

	kind("report|0.7|1.5|smtp-in|link-connect|" SID
	    "|x|pass|unix:/s|pass|1.2.3.4:5|6.7.8.9:25");
	CHECK(proto_source(&pl, &s, &len) == 0 && len == 9 &&
	    memcmp(s, "1.2.3.4:5", 9) == 0);
	CHECK(proto_listener(&pl, &s, &len) == 0 && len == 10 &&
	    memcmp(s, "6.7.8.9:25", 10) == 0);
	CHECK(kind("report|0.7|1.5|smtp-in|link-tls|" SID "|TLSv1.3:A:256") ==
	    PROTO_TLS && pl.paramlen == 13);
	CHECK(kind("report|0.7|1.5|smtp-in|link-connect|" SID) ==
	    PROTO_CONNECT && proto_listener(&pl, &s, &len) == -1);
	kind("report|0.7|1.5|smtp-in|link-connect|" SID "|x|y");
	CHECK(proto_source(&pl, &s, &len) == -1);
	CHECK(proto_host(&pl, &s, &len) == -1);
	kind("report|0.7|1.5|smtp-in|link-connect|" SID
	    "|a|b.example|pass|1.2.3.4:5|6.7.8.9:25");
	CHECK(proto_host(&pl, &s, &len) == 1 && len == 11 &&
	    memcmp(s, "a|b.example", 11) == 0);
	kind("report|0.7|1.5|smtp-in|link-connect|" SID
	    "|b.example|pass|fail|1.2.3.4:5|6.7.8.9:25");
	CHECK(proto_host(&pl, &s, &len) == 0);
	kind("report|0.7|1.5|smtp-in|link-connect|" SID
	    "|pass|1.2.3.4:5|6.7.8.9:25");
	CHECK(proto_host(&pl, &s, &len) == -1);
	kind("report|0.7|1.5|smtp-in|link-auth|" SID "|pass|a|fail");
	CHECK(proto_login(&pl, &s, &len) == 1 && len == 6 &&
	    memcmp(s, "a|fail", 6) == 0);
	kind("report|0.6|1.5|smtp-in|link-auth|" SID "|fail|a|pass");
	CHECK(proto_login(&pl, &s, &len) == 1 && len == 6 &&
	    memcmp(s, "fail|a", 6) == 0);
	kind("report|0.7|1.5|smtp-in|link-auth|" SID "|fail|a|pass");
	CHECK(proto_login(&pl, &s, &len) == 0);
	kind("report|0.6|1.5|smtp-in|link-auth|" SID "|pass|a|fail");
	CHECK(proto_login(&pl, &s, &len) == 0);
	kind("report|0.6|1.5|smtp-in|link-auth|" SID "|pass");
	CHECK(proto_login(&pl, &s, &len) == -1);
}

static void
test_sessions(void)
{
	struct session_table t;
	struct session *s;
	char sid[PROTO_ID + 1];
	unsigned int i;

	CHECK(session_init(&t) == 0);
	for (i = 0; i < 5000; i++) {
		snprintf(sid, sizeof(sid), "%016x", i * 7);
		s = session_add(&t, sid);
		CHECK(s != NULL && session_set(&s->env.login, sid, 5) == 0);
	}
	for (i = 0; i < 5000; i += 2) {
		snprintf(sid, sizeof(sid), "%016x", i * 7);
		s = session_find(&t, sid);
		CHECK(s != NULL && memcmp(s->env.sid, sid, PROTO_ID) == 0);
		if (s != NULL)
			session_del(&t, s);
	}
	for (i = 0; i < 5000; i++) {
		snprintf(sid, sizeof(sid), "%016x", i * 7);
		s = session_find(&t, sid);
		CHECK((s != NULL) == (i % 2 == 1));
		if (s != NULL)
			session_del(&t, s);
	}
	CHECK(t.count == 0);
	free(t.bucket);
}

/* What output has gathered, as a string. */
static const char *
written(struct output *o)
{
	static char buf[8192];
	size_t n = output_waiting(o);

	memcpy(buf, o->buf + o->pos, n);
	buf[n] = '\0';
	o->pos = o->len = 0;
	return buf;
}

static void
test_output(void)
{
	struct output o;
	struct session s;
	char line[4000];

	memset(&s, 0, sizeof(s));
	memcpy(s.env.sid, SID, PROTO_ID);
	memcpy(s.token, TOKEN, PROTO_ID);
	output_init(&o, -1, NULL);
	output_result(&o, &s, NULL);
	CHECK_STR(written(&o), "filter-result|" SID "|" TOKEN "|proceed\n");
	output_result(&o, &s, "550 5.7.1 No");
	CHECK_STR(written(&o), "filter-result|" SID "|" TOKEN
	    "|reject|550 5.7.1 No\n");
	output_result(&o, &s, "550 No\nfilter-result|x|y|proceed");
	CHECK(strstr(written(&o), "|reject|451 4.3.0 ") != NULL);
	output_result(&o, &s, "250 Yes");
	CHECK(strstr(written(&o), "|reject|451 4.3.0 ") != NULL);
	memset(line, 'x', sizeof(line));
	memcpy(line, "550 ", 4);
	line[sizeof(line) - 1] = '\0';
	output_result(&o, &s, line);
	CHECK(strstr(written(&o), "|reject|451 4.3.0 ") != NULL);
	CHECK(output_dataline(&o, &s, "a\nb", 3) == -1);
	CHECK(output_dataline(&o, &s, "a\0b", 3) == -1);
	CHECK(output_dataline(&o, &s, "a\rb", 3) == 0);
	CHECK_STR(written(&o), "filter-dataline|" SID "|" TOKEN "|a\rb\n");
	CHECK(output_dataline(&o, &s, line, 3999) == 0);
	CHECK(strlen(written(&o)) == 3999 + 51);
	s.old = 1;
	CHECK(output_dataline(&o, &s, line, 3999) == 1);
	CHECK(strlen(written(&o)) == 3999 + 3 * 51 + 2);
	CHECK(output_dataline(&o, &s, line, PROTO_DATA_CUT) == 0);
	written(&o);
	output_echo(&o, SID "|" TOKEN "|x\n", 2 * (PROTO_ID + 1) + 2);
	CHECK_STR(written(&o), "filter-dataline|" SID "|" TOKEN "|x\n");
	free(o.buf);
}

static void
test_rewrite(void)
{
	static const char *const bad[] = {
		"", "a", "@c.example", "a b@c.example", "a@c.example>",
		"<a@c.example>", "a@c.example\nx", "\"a\"@c.example",
		"a@[192.0.2.1]", "a,b@c.example", "a:b@c.example"
	};
	struct output o;
	struct session s;
	size_t i;

	memset(&s, 0, sizeof(s));
	memcpy(s.env.sid, SID, PROTO_ID);
	memcpy(s.token, TOKEN, PROTO_ID);
	output_init(&o, -1, NULL);
	output_rewrite(&o, &s, "r-abc@company.example");
	CHECK_STR(written(&o), "filter-result|" SID "|" TOKEN
	    "|rewrite|<r-abc@company.example>\n");
	output_rewrite(&o, &s, "a|b=c@company.example");
	CHECK_STR(written(&o), "filter-result|" SID "|" TOKEN
	    "|rewrite|<a|b=c@company.example>\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		output_rewrite(&o, &s, bad[i]);
		CHECK(strncmp(written(&o), "filter-result|" SID "|" TOKEN
		    "|reject|451 4.3.0 ", 65) == 0);
	}
	free(o.buf);
}

static void
test_boxes(void)
{
	static const char box[] = "support@company.example";
	static struct address_cache *c;	/* never freed, as in the front */

	CHECK((c = address_cache_new(NULL)) != NULL);
	CHECK(boxes_maybe(c, box) == 0);
	CHECK(keyset_put(address_cache_sets(c)->addresses, box, strlen(box),
	    KEYSET_FOREVER) == 0);
	CHECK(boxes_maybe(c, "Support@Company.example") == 1);
	CHECK(boxes_maybe(c, "support+x@company.example") == 0);
	CHECK(boxes_maybe(c, "joe@company.example") == 0);
	CHECK(boxes_maybe(c, "a+ABCDEFGH234567ab@company.example") == 1);
	CHECK(boxes_maybe(c, "r-abcdefghijklmnopqrstuvwxyz@x.example") == 1);
	CHECK(!address_cache_loaded(c) && !address_cache_current(c));
}

static void
test_plan(void)
{
	struct plan a, b;
	struct ipc_pack p;
	size_t cut;

	memset(&a, 0, sizeof(a));
	a.action = PLAN_REPLY;
	a.commands = 1;
	a.mailbox = strdup("support@company.example");
	CHECK(plan_map(&a, "from", "to", "") == 0);
	CHECK(plan_id(&a, "inside", "outside") == 0);
	CHECK(strlist_add(&a.private, "alice@home.example") == 0);
	ipc_pack_init(&p);
	ipc_put_record(&p, &plan_record, &a);
	CHECK(!p.failed);
	CHECK(ipc_get_record(&plan_record, &b, p.buf, p.len) == 0);
	CHECK(b.action == PLAN_REPLY && b.commands == 1);
	CHECK(b.nmap == 1 && b.map[0].name == NULL && b.nids == 1);
	CHECK_STR(b.map[0].to, "to");
	CHECK_STR(b.ids[0].from, "inside");
	CHECK_STR(b.mailbox, a.mailbox);
	CHECK_STR(b.reply_id, "");
	CHECK(strlist_has(&b.private, "ALICE@home.example"));
	CHECK(strlist_add(&b.private, "bob@home.example") == 0);
	ipc_free_record(&plan_record, &b);
	for (cut = 0; cut < p.len; cut++)
		CHECK(ipc_get_record(&plan_record, &b, p.buf, cut) == -1);
	ipc_pack_free(&p);
	ipc_free_record(&plan_record, &a);
}

/* What one process notes, another one finds. */
static void
test_pending(void)
{
	struct pending *p = pending_map();
	unsigned int n, i;
	pid_t pid;
	int status;

	CHECK(p != NULL);
	if ((pid = fork()) == 0) {
		n = pending_set(p, SID, TOKEN, PENDING_DOT);
		_exit(n == 1 ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(p->v[0].kind == PENDING_DOT &&
	    memcmp(p->v[0].token, TOKEN, PROTO_ID) == 0);
	for (i = 1; i < PENDING_MAX; i++)
		CHECK(pending_set(p, SID, TOKEN, PENDING_RESULT) == i + 1);
	CHECK(pending_set(p, SID, TOKEN, PENDING_RESULT) == 0);
	n = 1;
	pending_clear(p, &n);
	CHECK(n == 0 && p->v[0].kind == PENDING_NONE);
	pending_clear(p, &n);
	CHECK(pending_set(p, SID, TOKEN, PENDING_RESULT) == 1);
	pending_unmap(p);
}

int
main(void)
{
	test_kinds();
	test_junk();
	test_fields();
	test_sessions();
	test_output();
	test_rewrite();
	test_boxes();
	test_plan();
	test_pending();
	return test_done();
}
