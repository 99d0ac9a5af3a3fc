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

/*
 * Whole bodies: what passes without a job is unchanged; what was scrubbed
 * has nothing left to scrub.
 */

#include <stdlib.h>
#include <string.h>

#include "base/sbuf.h"
#include "fuzz.h"
#include "mime/bodyrw.h"
#include "scrub/secrets.h"

static const struct secrets *
secrets(void)
{
	static struct secrets *l;

	if (l == NULL) {
		l = secrets_new();
		secrets_add_address(l, "a@b.c");
		secrets_add_address(l, "alice@private.example");
		secrets_add_mailbox(l, "s@b.d");
		secrets_add_handle(l, "zyxwvuts765432ba");
	}
	return l;
}

static int
collect(void *arg, const char *line, size_t len)
{
	CLAIM(memchr(line, '\n', len) == NULL);
	CLAIM(sbuf_add(arg, line, len) == 0);
	CLAIM(sbuf_addch(arg, '\n') == 0);
	return 0;
}

/* The message through the rewriting: 0, -1 refused; *leaks. */
static int
rewrite(const struct bodyrw_plan *plan, const char *p, size_t size,
    struct sbuf *out, size_t *leaks)
{
	struct bodyrw	*b = bodyrw_new(plan, collect, out);
	const char	*end = p + size, *eol;
	int		 rc = 0, header = 1;

	CLAIM(b != NULL);
	for (; rc == 0 && p < end; p = eol + 1) {
		if ((eol = memchr(p, '\n', (size_t)(end - p))) == NULL)
			eol = end;
		/* A field goes with its continuations. */
		while (header && eol > p && eol + 1 < end &&
		    (eol[1] == ' ' || eol[1] == '\t'))
			if ((eol = memchr(eol + 1, '\n',
			    (size_t)(end - eol - 1))) == NULL)
				eol = end;
		if (header && eol > p)
			rc = bodyrw_field(b, p, (size_t)(eol - p));
		else if (header) {
			header = 0;
			if ((rc = bodyrw_begin(b)) == 0)
				collect(out, "", 0);
		} else
			rc = bodyrw_line(b, p, (size_t)(eol - p));
	}
	if (rc == 0 && header)
		rc = bodyrw_begin(b);
	if (rc == 0)
		rc = bodyrw_end(b);
	CLAIM(!bodyrw_failed(b));
	CLAIM((rc == -1) == (bodyrw_error(b) != NULL));
	CLAIM(rc == 0 || strlen(bodyrw_error(b)) <= 200);
	*leaks = bodyrw_leaks(b);
	bodyrw_free(b);
	return rc;
}

/*
 * What looks like a token may be made by dividing a long value; nobody has
 * such tokens, but they would be found.
 */
static int
has_long_word(const char *p, size_t len)
{
	size_t	i, run = 0;

	for (i = 0; i < len; i++) {
		run = (p[i] >= 'a' && p[i] <= 'z') ||
		    (p[i] >= 'A' && p[i] <= 'Z') ||
		    (p[i] >= '2' && p[i] <= '7') ? run + 1 : 0;
		if (run > 36)
			return 1;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bodyrw_plan	 plan;
	struct sbuf		 once, twice;
	size_t			 leaks;
	const char		*p;

	if (size == 0)
		return 0;
	memset(&plan, 0, sizeof(plan));
	plan.mode = (enum bodyrw_mode)(*data & 3);
	plan.commands = *data >> 2 & 1;
	plan.secrets = secrets();
	plan.mailbox = "support@company.example";
	sbuf_init(&once, 1 << 24);
	sbuf_init(&twice, 1 << 24);
	p = (const char *)data + 1;
	if (rewrite(&plan, p, size - 1, &once, &leaks) == 0 &&
	    plan.mode == BODYRW_SCRUB && !has_long_word(p, size - 1)) {
		plan.commands = 0;
		if (rewrite(&plan, sbuf_str(&once), once.len, &twice,
		    &leaks) == 0)
			CLAIM(leaks == 0);
	}
	sbuf_free(&once);
	sbuf_free(&twice);
	return 0;
}
