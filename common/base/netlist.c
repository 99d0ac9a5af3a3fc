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

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "base/lex.h"
#include "base/netlist.h"

static const unsigned char	 mapped[12] =
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* Grows an array; -1 when it may not or there is no memory. */
static int
grow(void **v, size_t n, size_t *sz, size_t each)
{
	size_t	 want = *sz == 0 ? 16 : *sz * 2;
	void	*p;

	if (n >= NETLIST_MAX)
		return -1;
	if (n < *sz)
		return 0;
	if ((p = reallocarray(*v, want, each)) == NULL)
		return -1;
	*v = p;
	*sz = want;
	return 0;
}

/* 1 when a bit behind the first is set. */
static int
has_bits(const unsigned char *addr, int bits, int all)
{
	for (; bits < all; bits++)
		if (addr[bits / 8] & (0x80 >> bits % 8))
			return 1;
	return 0;
}

int
netlist_add(struct netlist *l, const char *s)
{
	char		 buf[INET6_ADDRSTRLEN];
	const char	*slash = strchr(s, '/'), *err;
	size_t		 n = slash == NULL ? strlen(s) : (size_t)(slash - s);
	struct net	 net;
	int		 all;

	errno = EINVAL;
	memset(&net, 0, sizeof(net));
	if (n >= sizeof(buf))
		return -1;
	memcpy(buf, s, n);
	buf[n] = '\0';
	if (inet_pton(AF_INET, buf, net.addr) == 1)
		net.family = AF_INET;
	else if (inet_pton(AF_INET6, buf, net.addr) == 1)
		net.family = AF_INET6;
	else
		return -1;
	net.bits = all = net.family == AF_INET ? 32 : 128;
	if (slash != NULL) {
		net.bits = (int)strtonum(slash + 1, 0, all, &err);
		errno = EINVAL;
		if (err != NULL || slash[1] < '0' || slash[1] > '9')
			return -1;
	}
	if (has_bits(net.addr, net.bits, all))
		return -1;
	if (net.family == AF_INET6 && net.bits >= 96 &&
	    memcmp(net.addr, mapped, sizeof(mapped)) == 0) {
		net.family = AF_INET;
		net.bits -= 96;
		memmove(net.addr, net.addr + sizeof(mapped), 4);
	}
	if (grow((void **)&l->v, l->n, &l->sz, sizeof(*l->v)) == -1)
		return -1;
	l->v[l->n++] = net;
	return 0;
}

/*
 * The next line of a text that has something, without comment and outer white
 * space, in word: 1, 0 at the end, -1 when it is too long.
 */
static int
next_line(const char **s, size_t *len, char *word, size_t *line)
{
	const char	*end, *p;
	size_t		 n;

	while (*len > 0) {
		(*line)++;
		p = *s;
		if ((end = memchr(p, '\n', *len)) == NULL)
			end = p + *len;
		n = end - p;
		*len -= n == *len ? n : n + 1;
		*s = end + (*len > 0);
		if ((end = memchr(p, '#', n)) != NULL)
			n = end - p;
		while (n > 0 && lex_ws(*p)) {
			p++;
			n--;
		}
		while (n > 0 && lex_ws(p[n - 1]))
			n--;
		if (n == 0)
			continue;
		if (n > NETLIST_WORD_MAX || memchr(p, '\0', n) != NULL)
			return -1;
		memcpy(word, p, n);
		word[n] = '\0';
		return 1;
	}
	return 0;
}

int
netlist_text(struct netlist *l, const char *s, size_t len, size_t *line)
{
	char	 word[NETLIST_WORD_MAX + 1];
	int	 ret;

	*line = 0;
	while ((ret = next_line(&s, &len, word, line)) == 1)
		if (netlist_add(l, word) == -1)
			return -1;
	return ret;
}

static int
same_net(const struct net *net, const unsigned char *addr)
{
	int	 whole = net->bits / 8, rest = net->bits % 8;

	return memcmp(net->addr, addr, whole) == 0 && (rest == 0 ||
	    ((net->addr[whole] ^ addr[whole]) & (0xff00 >> rest) & 0xff) == 0);
}

int
netlist_match(const struct netlist *l, int family, const void *addr)
{
	const unsigned char	*a = addr;
	size_t			 i;

	if (family == AF_INET6 && memcmp(a, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		a += sizeof(mapped);
	}
	for (i = 0; i < l->n; i++)
		if (l->v[i].family == family && same_net(&l->v[i], a))
			return 1;
	return 0;
}

void
netlist_free(struct netlist *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int
compare(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

int
wordlist_text(struct wordlist *l, const char *s, size_t len, size_t *line)
{
	char	 word[NETLIST_WORD_MAX + 1];
	int	 ret;

	*line = 0;
	while ((ret = next_line(&s, &len, word, line)) == 1) {
		if (strpbrk(word, " \t") != NULL ||
		    grow((void **)&l->v, l->n, &l->sz, sizeof(*l->v)) == -1 ||
		    (l->v[l->n] = strdup(word)) == NULL)
			return -1;
		l->n++;
	}
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), compare);
	return ret;
}

int
wordlist_match(const struct wordlist *l, const char *word)
{
	return l->n > 0 && bsearch(&word, l->v, l->n, sizeof(*l->v),
	    compare) != NULL;
}

void
wordlist_free(struct wordlist *l)
{
	while (l->n > 0)
		free(l->v[--l->n]);
	free(l->v);
	memset(l, 0, sizeof(*l));
}
