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

/* What the processes tell each other arrives as it was, or not at all. */

#include <stdlib.h>

#include "table-relay/courier/courier_msg.c"
#include "test.h"

static struct ipc	*ends[2];
static struct ipc_msg	 msg;

/* Whether one frame of that type and id arrived. */
static int
arrived(uint32_t type, uint64_t id)
{
	return ipc_recv_wait(ends[1], &msg, 5000) == 1 && msg.type == type &&
	    msg.id == id;
}

/* The frame, cut and lengthened by a byte, is none. */
#define CHECK_STRICT(get) do {						\
	struct ipc_msg whole = msg;					\
	uint8_t *longer = malloc(whole.len + 1);			\
	memcpy(longer, whole.data, whole.len);				\
	longer[whole.len] = 0;						\
	msg.data = longer;						\
	CHECK((get) == 0);						\
	msg.len = whole.len + 1;					\
	CHECK((get) == -1);						\
	for (msg.len = 0; msg.len < whole.len; msg.len++)		\
		CHECK((get) == -1);					\
	free(longer);							\
	msg = whole;							\
} while (0)

static void
test_target(void)
{
	struct courier_target	t, got;

	memset(&t, 0, sizeof(t));
	t.account = 7;
	t.generation = UINT64_MAX;
	t.transport = COURIER_SMTPS;
	t.port = 465;
	t.verify = 1;
	strlcpy(t.name, "acc", sizeof(t.name));
	strlcpy(t.host, "mx.test", sizeof(t.host));
	strlcpy(t.user, "fred", sizeof(t.user));
	memset(t.secret, 'x', COURIER_SECRET_MAX);
	CHECK(courier_send_target(ends[0], 3, &t) == 0);
	CHECK(arrived(COURIER_ACCOUNT, 3));
	memset(&got, 0, sizeof(got));
	CHECK(courier_get_target(&msg, &got) == 0);
	CHECK(memcmp(&t, &got, sizeof(t)) == 0);
	CHECK_STRICT(courier_get_target(&msg, &got));
	t.transport = COURIER_LMTP + 1;
	CHECK(courier_send_target(ends[0], 4, &t) == 0);
	CHECK(arrived(COURIER_ACCOUNT, 4));
	CHECK(courier_get_target(&msg, &got) == -1);
}

static void
test_small(void)
{
	struct courier_refused	r;
	char			sender[COURIER_SENDER_MAX + 1];
	char			text[2 * COURIER_TEXT_MAX];
	uint64_t		account, generation;

	CHECK(courier_send_find(ends[0], 9, "a@b.test") == 0);
	CHECK(arrived(COURIER_FIND, 9));
	CHECK(courier_get_find(&msg, sender) == 0);
	CHECK_STR(sender, "a@b.test");
	CHECK_STRICT(courier_get_find(&msg, sender));
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(courier_send_find(ends[0], 9, text) == 0);
	CHECK(arrived(COURIER_FIND, 9));
	CHECK(courier_get_find(&msg, sender) == -1);
	CHECK(courier_send_refused(ends[0], 1, COURIER_POLICY, text) == 0);
	CHECK(arrived(COURIER_REFUSED, 1));
	CHECK(courier_get_refused(&msg, &r) == 0);
	CHECK(r.why == COURIER_POLICY && strlen(r.text) == COURIER_TEXT_MAX);
	CHECK_STRICT(courier_get_refused(&msg, &r));
	CHECK(courier_send_account(ends[0], COURIER_TOKEN_BAD, 2, 5, 6) == 0);
	CHECK(arrived(COURIER_TOKEN_BAD, 2));
	CHECK(courier_get_account(&msg, &account, &generation) == 0);
	CHECK(account == 5 && generation == 6);
	CHECK_STRICT(courier_get_account(&msg, &account, &generation));
}

static void
test_report(void)
{
	struct courier_report	r = { 1, 2, 0, 99, "auth", "535 no" }, got;

	CHECK(courier_send_report(ends[0], &r) == 0);
	CHECK(arrived(COURIER_REPORT, 0));
	CHECK(courier_get_report(&msg, &got) == 0);
	CHECK(got.account == 1 && got.generation == 2 && !got.works &&
	    got.retry == 99);
	CHECK_STR(got.stage, "auth");
	CHECK_STR(got.text, "535 no");
	CHECK_STRICT(courier_get_report(&msg, &got));
	r.retry = -1;
	CHECK(courier_send_report(ends[0], &r) == 0);
	CHECK(arrived(COURIER_REPORT, 0));
	CHECK(courier_get_report(&msg, &got) == -1);
}

static void
test_oauth(void)
{
	struct courier_token	t = { 3, 4, COURIER_TOKEN_GOOD, 77, "tok" };
	struct courier_token	token;
	struct oauth_secrets	o = { 5, 6, "client-id x\n" }, secrets;

	CHECK(courier_send_token(ends[0], 1, &t) == 0);
	CHECK(arrived(COURIER_TOKEN_IS, 1));
	CHECK(courier_get_token(&msg, &token) == 0);
	CHECK(token.account == 3 && token.expires == 77);
	CHECK_STR(token.text, "tok");
	CHECK_STRICT(courier_get_token(&msg, &token));
	CHECK(courier_send_secrets(ends[0], OAUTH_IS, 2, &o) == 0);
	CHECK(arrived(OAUTH_IS, 2));
	CHECK(courier_get_secrets(&msg, &secrets) == 0);
	CHECK_STR(secrets.text, "client-id x\n");
	CHECK_STRICT(courier_get_secrets(&msg, &secrets));
}

int
main(void)
{
	int	fds[2], i;

	if (ipc_pair(fds) == -1)
		return 1;
	for (i = 0; i < 2; i++)
		if ((ends[i] = ipc_new(fds[i], COURIER_FRAME_MAX,
		    COURIER_QUEUE_MAX)) == NULL)
			return 1;
	test_target();
	test_small();
	test_report();
	test_oauth();
	CHECK(courier_send_find(NULL, 1, "a@b.test") == -1);
	ipc_free(ends[0]);
	ipc_free(ends[1]);
	return test_done();
}
