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
 * Verifies the DKIM signatures of messages against keys in a text, as
 * dnstable.h describes it.
 *
 *	dkimcheck table [seconds since 1970] <list
 *
 * reads names of files from standard input, a line each, and prints for each
 * a line of JSON: for each signature an array of result, domain, selector,
 * algorithm and reason.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/dkimkeys.h"
#include "lib/dnstable.h"

static void
slurp(const char *path, char **buf, size_t *len)
{
	FILE	*f;
	size_t	 n;

	if ((f = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	*buf = NULL;
	for (*len = 0;; *len += n) {
		if ((*buf = realloc(*buf, *len + 65536)) == NULL)
			err(1, NULL);
		if ((n = fread(*buf + *len, 1, 65536, f)) == 0)
			break;
	}
	if (ferror(f))
		err(1, "%s", path);
	fclose(f);
}

/* The next line of s, without CR LF or LF; moves s behind it. */
static const char *
line_of(const char **s, const char *end, size_t *len)
{
	const char	*line = *s, *nl = memchr(line, '\n', end - line);

	*s = nl == NULL ? end : nl + 1;
	*len = (nl == NULL ? end : nl) - line;
	if (nl != NULL && *len > 0 && line[*len - 1] == '\r')
		(*len)--;
	return line;
}

static void
no_call(void *arg)
{
	(*(int *)arg)++;
}

static void
print(struct dkim *d)
{
	struct dkim_sig	*s;
	size_t		 i;

	printf("[");
	for (i = 0; i < dkim_count(d); i++) {
		s = dkim_sig(d, i);
		printf("%s[\"%s\", \"%s\", \"%s\", \"%s\", \"%s\"]",
		    i == 0 ? "" : ", ", dkim_result(s), s->domain, s->selector,
		    dkim_algorithm(s), dkim_why(s));
	}
	printf("]\n");
}

static void
check(struct dns *dns, time_t now, const char *path)
{
	struct dkimkeys	*keys;
	struct dkim	*d;
	const char	*s, *end, *line;
	char		*buf;
	size_t		 len;
	int		 called = 0;

	slurp(path, &buf, &len);
	s = buf;
	end = buf + len;
	if ((d = dkim_new(now)) == NULL)
		err(1, NULL);
	while (s < end) {
		line = line_of(&s, end, &len);
		if (len == 0)
			break;
		if (dkim_header_line(d, line, len) == -1)
			errx(1, "%s: header", path);
	}
	if (dkim_header_end(d) == -1)
		errx(1, "%s: end of header", path);
	while (s < end) {
		line = line_of(&s, end, &len);
		if (dkim_body(d, line, len) == -1 || dkim_body_eol(d) == -1)
			errx(1, "%s: body", path);
	}
	if (dkim_finish(d) == -1)
		errx(1, "%s: end", path);
	if (dkimkeys_ask(&keys, dns, dkim_sig(d, 0), dkim_count(d), no_call,
	    &called) == 0) {
		dnstable_run(dns);
		if (called != 1)
			errx(1, "%s: keys", path);
	}
	print(d);
	dkim_free(d);
	free(buf);
}

int
main(int argc, char *argv[])
{
	struct dns	*dns;
	char		*buf, path[1024];
	size_t		 len, line = 0;
	time_t		 now = time(NULL);

	if (argc < 2 || argc > 3)
		errx(2, "usage: dkimcheck table [time] <list");
	if (argc == 3)
		now = strtoll(argv[2], NULL, 10);
	slurp(argv[1], &buf, &len);
	if ((dns = dnstable_new(buf, len, &line)) == NULL)
		errx(1, "%s: line %zu", argv[1], line);
	free(buf);
	while (fgets(path, sizeof(path), stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		check(dns, now, path);
	}
	dns_free(dns);
	return 0;
}
