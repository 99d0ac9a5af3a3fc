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
#include <stdio.h>

/* Files of lists, as they are written, replaced, broken and taken away. */

#include <sys/socket.h>
#include <sys/stat.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "conf/conf.h"
#include "conf/listfile.h"
#include "test.h"

static char	 dir[] = "/tmp/listfile_test.XXXXXX";
static char	 path[64], other[64];

static void
put(const char *name, const char *text)
{
	FILE	*fp = fopen(name, "w");

	CHECK(fp != NULL);
	if (fp == NULL)
		return;
	CHECK(fputs(text, fp) >= 0);
	CHECK(fclose(fp) == 0);
	CHECK(chmod(name, 0644) == 0);
}

/* Another file takes the place of the list's. */
static void
replace(const char *text)
{
	put(other, text);
	CHECK(rename(other, path) == 0);
}

static int
look(struct listfile *lf, char *why, size_t size)
{
	why[0] = '\0';
	lf->looked = 0;		/* it is another second */
	return listfile_look(lf, time(NULL), why, size);
}

static int
has(const struct listfile *lf, const char *ip)
{
	unsigned char	 addr[16];

	CHECK(inet_pton(AF_INET, ip, addr) == 1);
	return netlist_match(&lf->nets, AF_INET, addr);
}

static void
test_add(void)
{
	struct listfiles	 lists = { { NULL }, 0 };
	struct listfile		*a;
	char			 name[32];
	int			 i;

	a = listfile_add(&lists, "/a", LISTFILE_NETS);
	CHECK(a != NULL && listfile_add(&lists, "/a", LISTFILE_NETS) == a);
	CHECK(listfile_add(&lists, "/a", LISTFILE_WORDS) != a);
	CHECK(lists.n == 2);
	for (i = 2; i < LISTFILE_MAX; i++) {
		snprintf(name, sizeof(name), "/%d", i);
		CHECK(listfile_add(&lists, name, LISTFILE_NETS) != NULL);
	}
	CHECK(listfile_add(&lists, "/more", LISTFILE_NETS) == NULL);
	CHECK(listfile_add(&lists, "/2", LISTFILE_NETS) == lists.v[2]);
	CHECK(lists.v[0] == a);
	listfile_free(&lists);
	CHECK(lists.n == 0);
}

static void
test_look(void)
{
	struct listfiles	 lists = { { NULL }, 0 };
	struct conf_errors	 errors = { NULL, 0, 0 };
	struct listfile		*lf;
	char			 why[LISTFILE_WHY], want[256];

	put(path, "192.0.2.1\n");
	lf = listfile_add(&lists, path, LISTFILE_NETS);
	CHECK(listfile_load(&lists, &errors) == 0 && errors.count == 0);
	CHECK(has(lf, "192.0.2.1") && !has(lf, "192.0.2.2"));
	CHECK(look(lf, why, sizeof(why)) == 0);

	/* Of the same size, and perhaps within a tick of the clock. */
	put(path, "192.0.2.2\n");
	lf->looked = 77;
	CHECK(listfile_look(lf, 77, why, sizeof(why)) == 0);
	CHECK(look(lf, why, sizeof(why)) == 1);
	CHECK(has(lf, "192.0.2.2") && !has(lf, "192.0.2.1"));
	CHECK(look(lf, why, sizeof(why)) == 0);

	replace("# new\n192.0.2.3 # three\n\n198.51.100.0/24");
	CHECK(look(lf, why, sizeof(why)) == 1);
	CHECK(has(lf, "192.0.2.3") && has(lf, "198.51.100.77") &&
	    !has(lf, "192.0.2.2"));

	/* A mistake is said once, and the list stays. */
	replace("192.0.2.4\nedge.example\n192.0.2.5\n");
	snprintf(want, sizeof(want), "%s:2: expected an address or a network "
	    "such as 192.0.2.0/24", path);
	CHECK(look(lf, why, sizeof(why)) == -1);
	CHECK_STR(why, want);
	CHECK(look(lf, why, sizeof(why)) == 0);
	CHECK(has(lf, "192.0.2.3") && !has(lf, "192.0.2.4"));

	CHECK(unlink(path) == 0);
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	CHECK(look(lf, why, sizeof(why)) == -1);
	CHECK_STR(why, want);
	CHECK(look(lf, why, sizeof(why)) == 0);
	CHECK(has(lf, "192.0.2.3"));

	/* Whoever may write it decides. */
	put(other, "192.0.2.6\n");
	CHECK(chmod(other, 0666) == 0 && rename(other, path) == 0);
	CHECK(look(lf, why, sizeof(why)) == -1);
	CHECK(strstr(why, "chmod go-w") != NULL && !has(lf, "192.0.2.6"));
	CHECK(chmod(path, 0644) == 0);
	CHECK(look(lf, why, sizeof(why)) == 1 && has(lf, "192.0.2.6"));

	replace("");
	CHECK(look(lf, why, sizeof(why)) == 1 && lf->nets.n == 0);
	listfile_free(&lists);
}

static void
test_load(void)
{
	struct listfiles	 lists = { { NULL }, 0 };
	struct conf_errors	 errors = { NULL, 0, 0 };
	struct listfile		*lf;
	char			 want[256];

	put(path, "edge.example\ntwo words\n");
	listfile_add(&lists, path, LISTFILE_WORDS);
	listfile_add(&lists, path, LISTFILE_NETS);
	lf = listfile_add(&lists, "/nowhere/at/all", LISTFILE_NETS);
	CHECK(listfile_from(lf, "relay.conf", 7) == 0);
	CHECK(listfile_from(lf, "relay.conf", 8) == 0);
	CHECK(listfile_from(lists.v[0], "relay.conf", 9) == 0);
	CHECK(listfile_load(&lists, &errors) == -1 && errors.count == 3);
	snprintf(want, sizeof(want), "%s:2: expected one name in a line",
	    path);
	if (errors.count == 3) {
		CHECK_STR(errors.message[0], want);
		CHECK(strstr(errors.message[1], ":1: expected an address"));
		CHECK_STR(errors.message[2],
		    "relay.conf:7: /nowhere/at/all: No such file or directory");
	}
	conf_errors_free(&errors);
	listfile_free(&lists);
}

static void
test_size(void)
{
	struct listfiles	 lists = { { NULL }, 0 };
	struct listfile		*lf;
	char			 why[LISTFILE_WHY], *text;
	size_t			 i;

	lf = listfile_add(&lists, "big", LISTFILE_WORDS);
	if ((text = malloc(LISTFILE_BYTES + 1)) == NULL)
		return;
	for (i = 0; i <= LISTFILE_BYTES; i++)
		text[i] = i % 2 ? '\n' : 'a';
	CHECK(listfile_set(lf, text, LISTFILE_BYTES + 1, why,
	    sizeof(why)) == -1);
	CHECK_STR(why, "big: it is too large");
	CHECK(listfile_set(lf, text, 2 * NETLIST_MAX, why, sizeof(why)) == 0);
	CHECK(lf->words.n == NETLIST_MAX);
	CHECK(listfile_set(lf, text, 2 * NETLIST_MAX + 2, why,
	    sizeof(why)) == -1);
	CHECK_STR(why, "big:100001: more than 100000 lines");
	CHECK(lf->words.n == NETLIST_MAX);
	CHECK(listfile_set(lf, "a\0b\n", 4, why, sizeof(why)) == -1);
	CHECK(listfile_set(lf, NULL, 0, why, sizeof(why)) == 0);
	CHECK(lf->words.n == 0);
	free(text);
	listfile_free(&lists);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/list", dir);
	snprintf(other, sizeof(other), "%s/new", dir);
	test_add();
	test_look();
	test_load();
	test_size();
	unlink(path);
	rmdir(dir);
	return test_done();
}
