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

#include <stdlib.h>

#include "mda-relay/lines.c"
#include "mda-relay/outfile.c"
#include "mda-relay/transcript.c"
#include "test.h"

/* What sendmail -v of smtpd 6.8 says, up to its end. */
#define HELLO								\
	"<<< 220 mx ESMTP OpenSMTPD\n>>> EHLO localhost\n"		\
	"<<< 250-mx Hello\n<<< 250 HELP\n"				\
	">>> MAIL FROM:<a@b.test>  \n<<< 250 2.0.0 Ok\n"		\
	">>> RCPT TO:<c@d.test> \n"
#define DATA								\
	"<<< 250 2.1.5 Destination address valid: Recipient ok\n"	\
	">>> DATA\n<<< 354 Enter mail\n>>> .\n"

static struct transcript t;

/* Feeds a text in pieces of every size. */
static void
say(const char *text, size_t piece)
{
	size_t	len = strlen(text), n;

	transcript_init(&t);
	for (; len > 0; len -= n, text += n) {
		n = piece < len ? piece : len;
		transcript_feed(&t, text, n);
	}
	transcript_end(&t);
}

static void
transcripts(void)
{
	size_t	i;

	for (i = 1; i < 40; i++) {
		say(HELLO DATA "<<< 250 2.0.0 837be38d Message accepted\n"
		    ">>> QUIT\n<<< 221 2.0.0 Bye\n", i);
		CHECK(t.accepted && !t.refused);
		CHECK_STR(t.reply, "250 2.0.0 837be38d Message accepted");
		say(HELLO "<<< 550 Invalid recipient: <c@d.test>\n", i);
		CHECK(!t.accepted && t.refused);
		CHECK_STR(t.reply, "550 Invalid recipient: <c@d.test>");
	}
	/* a refusal at another command is none of the recipient's */
	say("<<< 220 mx\n>>> EHLO localhost\n<<< 554 no\n", 9);
	CHECK(!t.accepted && !t.refused);
	say(HELLO DATA "<<< 554 5.7.1 I do not like it\n", 9);
	CHECK(!t.accepted && !t.refused);
	say(HELLO "<<< 451 later\n", 9);
	CHECK(!t.accepted && !t.refused);
	/* of several lines the last decides */
	say(HELLO "<<< 550-no\n<<< 550 no such user\n", 9);
	CHECK(t.refused);
	CHECK_STR(t.reply, "550 no such user");
	/* a line that was cut off */
	say(HELLO "<<< 550 no", 3);
	CHECK(t.refused);
	/* sendmail's own words, and rubbish */
	say("sendmail: server too busy\n", 4);
	CHECK(!t.accepted && !t.refused);
	CHECK_STR(t.reply, "sendmail: server too busy");
	say("<<< 2", 1);
	CHECK(!t.accepted);
	say("<<<\n>>>\n<<< \n>>> \n\n\033\377\n", 1);
	CHECK(!t.accepted && !t.refused);
}

/* Puts bytes into a file and reads its lines: count and the longest. */
static size_t
count_lines(FILE *fp, struct lines *l, size_t *longest, size_t *pieces)
{
	const char	*line;
	size_t		 len, n = 0;
	int		 flags;

	fflush(fp);
	CHECK(lseek(fileno(fp), 0, SEEK_SET) == 0);
	lines_init(l, fileno(fp));
	*longest = *pieces = 0;
	while (lines_next(l, &line, &len, &flags) == 1) {
		if (len > *longest)
			*longest = len;
		if (flags & LINES_PART)
			(*pieces)++;
		else
			n++;
	}
	return n;
}

static void
lines(void)
{
	struct lines	*l = malloc(sizeof(*l));
	FILE		*fp;
	size_t		 i, longest, pieces;

	CHECK((fp = tmpfile()) != NULL);
	CHECK(count_lines(fp, l, &longest, &pieces) == 0);
	fputs("a\r\n\nlast", fp);
	CHECK(count_lines(fp, l, &longest, &pieces) == 3);
	CHECK(longest == 4 && pieces == 0);
	/* a line longer than the buffer comes in pieces */
	for (i = 0; i < 3 * LINES_BUFFER; i++)
		putc('x', fp);
	fputs("\r\nz\n", fp);
	CHECK(count_lines(fp, l, &longest, &pieces) == 4);
	CHECK(pieces == 3 && longest == LINES_BUFFER);
	fclose(fp);
	free(l);
}

static void
outfiles(void)
{
	struct outfile	*o = malloc(sizeof(*o));
	struct lines	*l = malloc(sizeof(*l));
	FILE		*fp;
	char		*big;
	size_t		 longest, pieces;

	CHECK((fp = tmpfile()) != NULL);
	CHECK((big = malloc(200000)) != NULL);
	memset(big, 'y', 200000);
	outfile_init(o, fileno(fp));
	CHECK(outfile_line(o, "a", 1) == 0);
	CHECK(outfile_line(o, big, 200000) == 0);
	CHECK(outfile_line(o, big, OUTFILE_LINE_MAX) == 0);
	CHECK(outfile_end(o) == 0);
	CHECK(lseek(fileno(fp), 0, SEEK_END) == 2 + 200001 + 3 * 2 +
	    OUTFILE_LINE_MAX + 1);
	CHECK(count_lines(fp, l, &longest, &pieces) == 6);
	CHECK(longest == OUTFILE_LINE_MAX + 1);
	/* a failure stays */
	outfile_init(o, -1);
	CHECK(outfile_line(o, big, 200000) == -1);
	CHECK(o->failed == EBADF);
	CHECK(outfile_end(o) == -1);
	fclose(fp);
	free(big);
	free(l);
	free(o);
}

int
main(void)
{
	transcripts();
	lines();
	outfiles();
	return test_done();
}
