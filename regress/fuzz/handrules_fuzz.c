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
 * Whole headers, asked about by one hand-off each: what stands below the field
 * of the origin changes nothing, and what is written of it is one line.
 */

#include <sys/socket.h>

#include "conf/confset.h"
#include "conf/listfile.h"
#include "fuzz.h"
#include "handoff/handoff.h"

static const char text[] = "domain a.example\n"
    "handoff a { strategy addresses nets\npriority 4\n}\n"
    "handoff b { strategy hostnames names\npriority 3\n}\n"
    "handoff c { strategy authenticated users names\npriority 2\n}\n"
    "handoff d { strategy count 3\nwhen { source 10.0.0.0/8 }\n}\n"
    "handoff e { strategy local\n}\n";
static const char lists[] = "192.0.2.0/24\nedge.example\n";

static struct conf		*conf;
static struct conf_handoff	*all;

static void
setup(void)
{
	struct conf_errors	 errors = { NULL, 0, 0 };
	char			 why[LISTFILE_WHY];

	conf = conf_parse("x", text, sizeof(text) - 1, &errors);
	CLAIM(conf != NULL && conf->nhandoffs == 5 && conf->lists->n == 2);
	CLAIM(listfile_set(conf->lists->v[0], lists, 13, why,
	    sizeof(why)) == 0);
	CLAIM(listfile_set(conf->lists->v[1], lists + 13,
	    sizeof(lists) - 14, why, sizeof(why)) == 0);
	all = conf->handoff;
	conf->nhandoffs = 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char	 below[] = "Received: from x (edge.example "
	    "[198.51.100.9])\n\tby edge.example (Postfix); d\n";
	struct handoff_session	 s;
	struct handoff_hop	 a, b;
	char			 field[HANDOFF_FIELD_MAX], *more;
	uint8_t			 who;

	if (conf == NULL)
		setup();
	if (size == 0)
		return 0;
	who = *data++;
	size--;
	conf->handoff = &all[(who >> 4) % 5];
	memset(&s, 0, sizeof(s));
	s.family = handrules_addr(who & 1 ? "192.0.2.1" : "10.0.0.1", s.addr);
	s.host = who & 2 ? "edge.example" : NULL;
	s.login = who & 4 ? "edge.example" : NULL;
	if (handrules_find(conf, &s, (const char *)data, size, who & 8,
	    &a) == 0)
		return 0;
	CLAIM(handoff_field(&a, field, sizeof(field)) == 0);
	CLAIM(strlen(field) == strcspn(field, "\r\n"));
	if (data[size - 1] != '\n')
		return 0;
	if ((more = malloc(size + sizeof(below))) == NULL)
		return 0;
	memcpy(more, data, size);
	memcpy(more + size, below, sizeof(below));
	CLAIM(handrules_find(conf, &s, more, size + sizeof(below) - 1,
	    who & 8, &b) == 1);
	CLAIM(memcmp(&a, &b, sizeof(a)) == 0);
	free(more);
	return 0;
}
