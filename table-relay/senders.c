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

#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "header/addr.h"
#include "senders.h"

#define LINE		64	/* bytes of the cache in one piece */
#define PREFETCH	512	/* of a login's list, before it is needed */

/* A list that is being written. */
struct list {
	char	*buf;
	size_t	 size, len;
	int	 full;
};

/* smtpd takes what is longer than its buffers for a broken list. */
static int
can_be_said(const char *address, size_t len)
{
	char	 text[ADDR_MAX + 2];

	if (len == 0 || len > ADDR_MAX)
		return 0;
	/* What is to stand behind the @ is what may stand there elsewhere. */
	text[0] = 'x';
	memcpy(text + 1, address, len);
	text[len + 1] = '\0';
	if (strlen(text) != len + 1)
		return 0;
	return addr_valid_dotatom(address[0] == '@' ? text : text + 1);
}

static void
put(struct list *l, const char *s, size_t len)
{
	if (l->full || len > l->size - l->len) {
		l->full = 1;
		return;
	}
	memcpy(l->buf + l->len, s, len);
	l->len += len;
}

/* smtpd takes pairs of ' for quotes, and drops a backslash before one. */
static void
put_address(struct list *l, const char *address, size_t len)
{
	const char	*quote;
	size_t		 n;

	if (l->len > 0)
		put(l, ",", 1);
	while ((quote = memchr(address, '\'', len)) != NULL) {
		n = quote - address;
		put(l, address, n);
		put(l, "\\'", 2);
		address += n + 1;
		len -= n + 1;
	}
	put(l, address, len);
}

int
senders_may(struct keyset *lists, const char *login, size_t loginlen,
    const char *address, size_t len)
{
	char		 text[2 * ADDR_MAX + 1] = ",";
	struct list	 list = { text + 1, sizeof(text) - 1, 0, 0 };

	if (loginlen > CONF_LOGIN_MAX)
		return -1;
	if (!can_be_said(address, len))
		return 0;
	put_address(&list, address, len);
	return keyset_append(lists, login, loginlen, text, 1 + list.len);
}

int
senders_routed(const struct address_sets *s, const char *address, size_t len)
{
	const char	*at, *plus;
	char		 bare[KEYSET_KEY_MAX];
	size_t		 local, n;
	int64_t		 state;

	if (len > sizeof(bare) || (at = memrchr(address, '@', len)) == NULL)
		return 0;
	local = at - address;
	if (local == 0)
		return 0;
	if ((state = keyset_number(s->addresses, address, len)) != 0)
		return state == SENDERS_ROUTED;
	/* A tag follows something: +x is a name. */
	plus = memchr(address + 1, '+', local - 1);
	if (plus != NULL) {
		n = plus - address;
		memcpy(bare, address, n);
		memcpy(bare + n, at, len - local);
		state = keyset_number(s->addresses, bare, n + len - local);
	}
	if (state == 0)
		state = keyset_number(s->addresses, at, len - local);
	return state == SENDERS_ROUTED;
}

/* A login's list, each of whose addresses has a comma before it. */
static void
put_login(struct list *list, const char *text, size_t len)
{
	if (text != NULL && list->len > 0)
		put(list, text, len);
	else if (text != NULL && len > 0)
		put(list, text + 1, len - 1);
}

/* An address that is a login's own unless it is somebody's. */
static void
put_own(const struct address_sets *s, struct list *list, const char *address,
    size_t len)
{
	if (can_be_said(address, len) && address[0] != '@' &&
	    keyset_number(s->addresses, address, len) == 0)
		put_address(list, address, len);
}

static int
is_helpdesk(const struct conf *conf, const char *login, size_t len)
{
	const char	*item;
	size_t		 i;

	for (i = 0; i < conf->replies.helpdesk.count; i++) {
		item = conf->replies.helpdesk.item[i];
		if (strlen(item) == len && strncasecmp(item, login, len) == 0)
			return 1;
	}
	return 0;
}

/* What will be copied sets out from memory now. */
static void
prefetch(const char *p)
{
	size_t	 i;

	for (i = 0; i < PREFETCH; i += LINE)
		__builtin_prefetch(p + i);
}

/* The login's own address in one of our domains; 0 when it is too long. */
static size_t
own_address(char *buf, size_t size, const char *login, size_t len,
    const char *domain)
{
	size_t	n = strlen(domain);

	if (len + 1 + n > size)
		return 0;
	memcpy(buf, login, len);
	buf[len] = '@';
	memcpy(buf + len + 1, domain, n);
	return len + 1 + n;
}

ssize_t
senders_list(const struct conf *conf, const struct address_sets *s,
    const char *login, size_t len, char *buf, size_t size)
{
	struct list	 list = { buf, size, 0, 0 };
	char		 own[ADDR_MAX];
	const char	*text;
	size_t		 i, n = 0, count, textlen = 0;

	if (len == 0 || len > CONF_LOGIN_MAX)
		return 0;
	/* The bounce domain alone is nobody's address. */
	count = conf->domains.count - (conf->bounce_added ? 1 : 0);
	if (memchr(login, '@', len) != NULL)
		count = 0;
	/* What is needed last sets out first on its way from memory. */
	if (count > 0 && (n = own_address(own, sizeof(own), login, len,
	    conf->domains.item[0])) > 0)
		keyset_prefetch(s->addresses, own, n);
	if ((text = keyset_text(s->lists, login, len, &textlen)) != NULL)
		prefetch(text);
	if (memchr(login, '@', len) != NULL)
		put_own(s, &list, login, len);
	for (i = 0; i < count; i++)
		if ((n = own_address(own, sizeof(own), login, len,
		    conf->domains.item[i])) > 0)
			put_own(s, &list, own, n);
	put_login(&list, text, textlen);
	if (is_helpdesk(conf, login, len)) {
		text = keyset_text(s->lists, "", 0, &textlen);
		put_login(&list, text, textlen);
	}
	return list.full ? -1 : (ssize_t)list.len;
}
