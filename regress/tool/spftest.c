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
 * Answers SPF checks from a zone that is a text: see dnstable.h.
 *
 *	spftest [-w] zone <cases
 *
 * A case is a line of three fields with tabs between them: the client's
 * address, its greeting, the sender.  The answer is a line of five: result,
 * explanation, reason, lookups, void lookups.  -w walks the records (SPF_WALK).
 */

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <err.h>
#include <stdio.h>

#include "base/compat.h"
#include "lib/dnstable.h"
#include "spf/spf.h"

static void
print(const struct spf_result *r, void *arg)
{
	(void)arg;
	printf("%s\t%s\t%s\t%d\t%d\n", spf_word(r->result), r->explanation,
	    r->why, r->lookups, r->voids);
	fflush(stdout);
}

static struct dns *
load(const char *path)
{
	struct dns *d;
	size_t line, len;
	FILE *fp;
	char *buf;

	if ((fp = fopen(path, "r")) == NULL)
		err(1, "%s", path);
	if ((buf = malloc(DNSTABLE_TEXT_MAX)) == NULL)
		err(1, NULL);
	len = fread(buf, 1, DNSTABLE_TEXT_MAX, fp);
	fclose(fp);
	if ((d = dnstable_new(buf, len, &line)) == NULL)
		errx(1, "%s:%zu: wrong", path, line);
	free(buf);
	return d;
}

/* One case; its line may be written to. */
static void
check(struct dns *d, char *line, int flags)
{
	unsigned char addr[16];
	struct spf_request req;
	char *ip;

	memset(&req, 0, sizeof(req));
	ip = strsep(&line, "\t");
	req.helo = strsep(&line, "\t");
	req.sender = strsep(&line, "\t");
	req.addr = addr;
	req.receiver = "receiver.example";
	req.flags = flags;
	req.family = AF_INET;
	if (inet_pton(AF_INET, ip, addr) != 1) {
		req.family = AF_INET6;
		if (inet_pton(AF_INET6, ip, addr) != 1)
			errx(1, "%s: no address", ip);
	}
	if (spf_check(d, &req, print, NULL) == NULL)
		errx(1, "spf_check");
	dnstable_run(d);
}

int
main(int argc, char **argv)
{
	struct dns *d;
	size_t size = 0;
	ssize_t len;
	char *line = NULL;
	int ch, flags = 0;

	while ((ch = getopt(argc, argv, "w")) != -1)
		if (ch == 'w')
			flags = SPF_WALK;
	if (optind + 1 != argc)
		errx(2, "usage: spftest [-w] zone");
	d = load(argv[optind]);
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		check(d, line, flags);
	}
	free(line);
	dns_free(d);
	return 0;
}
