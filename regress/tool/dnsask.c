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
 * Asks name servers through dnscares.h.
 *
 *	dnsask [-c] [-s servers] [-t ms] [-n tries] [-e entries]
 *
 * -c: confined as a resolver process is.
 *
 * Reads lines of questions, "NAME TYPE NAME TYPE ...", asks those of a line
 * all at once, and writes a line for each answer, in the order in which they
 * come: NAME, TYPE, status, ttl, and the records, with tabs between them;
 * then "sent" and how many questions have gone to servers so far.
 */

#include <event.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <err.h>
#include <stdio.h>

#include "base/compat.h"
#include "base/log.h"
#include "dns/dnscares.h"
#include "proc/sandbox.h"

#define QUESTIONS_MAX	1000

struct question {
	char	*name;
	int	 type;
};

static size_t waiting;

static void
print_record(int type, const struct dns_record *r)
{
	char buf[INET6_ADDRSTRLEN];
	size_t i;

	putchar('\t');
	if (type == DNS_A || type == DNS_AAAA) {
		printf("%s", type == DNS_A ?
		    inet_ntop(AF_INET, &r->in, buf, sizeof(buf)) :
		    inet_ntop(AF_INET6, &r->in6, buf, sizeof(buf)));
		return;
	}
	if (type == DNS_MX)
		printf("%u ", r->preference);
	for (i = 0; i < r->len; i++)
		if (isprint((unsigned char)r->text[i]))
			putchar(r->text[i]);
		else
			printf("\\%03u", (unsigned char)r->text[i]);
}

static void
print(const struct dns_answer *a, void *arg)
{
	struct question *q = arg;
	size_t i;

	printf("%s\t%s\t%s\t%u", q->name, dns_type(q->type),
	    dns_status(a->status), a->ttl);
	for (i = 0; i < a->n; i++)
		print_record(q->type, &a->v[i]);
	putchar('\n');
	waiting--;
}

/* Asks all questions of a line and waits for the answers. */
static void
line(struct dns *d, char *p)
{
	static struct question q[QUESTIONS_MAX];
	char *type;
	size_t n = 0;

	while (n < QUESTIONS_MAX && (q[n].name = strsep(&p, " ")) != NULL &&
	    (type = strsep(&p, " ")) != NULL) {
		if ((q[n].type = dns_type_number(type)) == -1)
			errx(1, "%s: no type", type);
		if (dns_query(d, q[n].name, q[n].type, print, &q[n]) == NULL)
			errx(1, "dns_query");
		waiting++;
		n++;
	}
	while (waiting > 0)
		event_loop(EVLOOP_ONCE);
	printf("sent\t%zu\n", dnscares_sent(d));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct dnscares_conf conf;
	struct dns *d;
	size_t size = 0;
	ssize_t len;
	char *buf = NULL;
	int ch, confined = 0;

	memset(&conf, 0, sizeof(conf));
	while ((ch = getopt(argc, argv, "ce:n:s:t:")) != -1)
		switch (ch) {
		case 'c':
			confined = 1;
			break;
		case 'e':
			conf.entries = atoi(optarg);
			break;
		case 'n':
			conf.tries = atoi(optarg);
			break;
		case 's':
			conf.servers = optarg;
			break;
		case 't':
			conf.timeout = atoi(optarg);
			break;
		default:
			errx(2, "usage");
		}
	log_init("dnsask", 1);
	event_init();
	if ((d = dnscares_new(NULL, &conf)) == NULL)
		errx(1, "dnscares_new");
	if (confined && (sandbox_init(0, 0) == -1 || sandbox_network() == -1))
		errx(1, "sandbox");
	while ((len = getline(&buf, &size, stdin)) > 0) {
		if (buf[len - 1] == '\n')
			buf[len - 1] = '\0';
		line(d, buf);
	}
	free(buf);
	dns_free(d);
	return 0;
}
