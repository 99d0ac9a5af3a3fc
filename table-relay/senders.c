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
#include "base/keyset.h"
#include "senders.h"

#define LINE		64	/* bytes of the cache in one piece */
#define PREFETCH	512	/* of a login's list, before it is needed */

/* What one login may send as, beside its own addresses. */
struct login {
	LIST_ENTRY(login) entry;
	size_t		 len, size;
	char		 list[];	/* as smtpd reads it */
};

LIST_HEAD(logins, login);

struct senders {
	const struct conf	*conf;
	struct keyset		*addresses;	/* `until' is the state */
	struct keyset		*bylogin;	/* `until' points to one */
	struct login		*helpdesk;	/* what those all may */
	struct logins		 logins;
};

/* A list that is being written. */
struct list {
	char	*buf;
	size_t	 size, len;
	int	 full;
};

struct senders *
senders_new(const struct conf *conf)
{
	struct senders	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->conf = conf;
	LIST_INIT(&s->logins);
	if ((s->addresses = keyset_new()) == NULL ||
	    (s->bylogin = keyset_new()) == NULL) {
		senders_free(s);
		return NULL;
	}
	return s;
}

static void
login_free(struct login *l)
{
	LIST_REMOVE(l, entry);
	free(l);
}

void
senders_free(struct senders *s)
{
	struct login	*l;

	if (s == NULL)
		return;
	while ((l = LIST_FIRST(&s->logins)) != NULL)
		login_free(l);
	keyset_free(s->addresses);
	keyset_free(s->bylogin);
	free(s);
}

int
senders_put(struct senders *s, const char *address, size_t len,
    enum senders_state state)
{
	if (state != SENDERS_ROUTED && state != SENDERS_PLAIN &&
	    state != SENDERS_MAILBOX)
		return -1;
	return keyset_put(s->addresses, address, len, state);
}

void
senders_del(struct senders *s, const char *address, size_t len)
{
	keyset_del(s->addresses, address, len);
}

static struct login *
login_find(const struct senders *s, const char *name, size_t len)
{
	if (len == 0)
		return s->helpdesk;
	return (struct login *)(intptr_t)keyset_until(s->bylogin, name, len);
}

/* Room for more bytes of a login's list; NULL without memory. */
static struct login *
login_room(struct senders *s, const char *name, size_t len, size_t more)
{
	struct login	*l = login_find(s, name, len), *new;
	size_t		 used = l == NULL ? 0 : l->len, size;

	if (used + more > SENDERS_LIST_MAX)
		return NULL;
	if (l != NULL && l->size - used >= more)
		return l;
	size = used + more;
	size += size / 2;
	if ((new = malloc(sizeof(*new) + size)) == NULL)
		return NULL;
	new->len = used;
	new->size = size;
	if (len == 0)
		s->helpdesk = new;
	else if (keyset_put(s->bylogin, name, len, (intptr_t)new) == -1) {
		free(new);
		return NULL;
	}
	if (l != NULL) {
		memcpy(new->list, l->list, used);
		login_free(l);
	}
	LIST_INSERT_HEAD(&s->logins, new, entry);
	return new;
}

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
senders_may(struct senders *s, const char *login, size_t loginlen,
    const char *address, size_t len)
{
	struct list	 list;
	struct login	*l;

	if (loginlen > CONF_LOGIN_MAX)
		return -1;
	if (!can_be_said(address, len))
		return 0;
	if ((l = login_room(s, login, loginlen, 2 * len + 1)) == NULL)
		return -1;
	list.buf = l->list;
	list.size = l->size;
	list.len = l->len;
	list.full = 0;
	put_address(&list, address, len);
	l->len = list.len;
	return 0;
}

void
senders_forget(struct senders *s, const char *login, size_t len)
{
	struct login	*l;

	if ((l = login_find(s, login, len)) == NULL)
		return;
	if (len == 0)
		s->helpdesk = NULL;
	else
		keyset_del(s->bylogin, login, len);
	login_free(l);
}

int
senders_routed(const struct senders *s, const char *address, size_t len)
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
	if ((state = keyset_until(s->addresses, address, len)) != 0)
		return state == SENDERS_ROUTED;
	/* A tag follows something: +x is a name. */
	plus = memchr(address + 1, '+', local - 1);
	if (plus != NULL) {
		n = plus - address;
		memcpy(bare, address, n);
		memcpy(bare + n, at, len - local);
		state = keyset_until(s->addresses, bare, n + len - local);
	}
	if (state == 0)
		state = keyset_until(s->addresses, at, len - local);
	return state == SENDERS_ROUTED;
}

static void
put_login(struct list *list, const struct login *l)
{
	if (l == NULL || l->len == 0)
		return;
	if (list->len > 0)
		put(list, ",", 1);
	put(list, l->list, l->len);
}

/* An address that is a login's own unless it is somebody's. */
static void
put_own(const struct senders *s, struct list *list, const char *address,
    size_t len)
{
	if (can_be_said(address, len) && address[0] != '@' &&
	    keyset_until(s->addresses, address, len) == 0)
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
prefetch(const struct login *l)
{
	const char	*p = (const char *)l;
	size_t		 i;

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
senders_list(const struct senders *s, const char *login, size_t len,
    char *buf, size_t size)
{
	const struct conf	*conf = s->conf;
	const struct login	*l;
	struct list		 list = { buf, size, 0, 0 };
	char			 own[ADDR_MAX];
	size_t			 i, n = 0, count;

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
	if ((l = login_find(s, login, len)) != NULL)
		prefetch(l);
	if (memchr(login, '@', len) != NULL)
		put_own(s, &list, login, len);
	for (i = 0; i < count; i++)
		if ((n = own_address(own, sizeof(own), login, len,
		    conf->domains.item[i])) > 0)
			put_own(s, &list, own, n);
	put_login(&list, l);
	if (is_helpdesk(conf, login, len))
		put_login(&list, s->helpdesk);
	return list.full ? -1 : (ssize_t)list.len;
}
