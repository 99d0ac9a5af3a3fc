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

#include "addr.h"
#include "compat.h"
#include "keyset.h"
#include "senders.h"

/* What one login may send as, beside its own addresses. */
struct login {
	LIST_ENTRY(login) entry;
	char		*list;		/* as smtpd reads it */
	size_t		 len, size;
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
	free(l->list);
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

static struct login *
login_make(struct senders *s, const char *name, size_t len)
{
	struct login	*l;

	if ((l = login_find(s, name, len)) != NULL)
		return l;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	if (len == 0)
		s->helpdesk = l;
	else if (keyset_put(s->bylogin, name, len, (intptr_t)l) == -1) {
		free(l);
		return NULL;
	}
	LIST_INSERT_HEAD(&s->logins, l, entry);
	return l;
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
	size_t	 i;

	if (l->len > 0)
		put(l, ",", 1);
	for (i = 0; i < len; i++) {
		if (address[i] == '\'')
			put(l, "\\", 1);
		put(l, address + i, 1);
	}
}

int
senders_may(struct senders *s, const char *login, size_t loginlen,
    const char *address, size_t len)
{
	struct list	 list;
	struct login	*l;
	char		*p;
	size_t		 size;

	if (loginlen > CONF_LOGIN_MAX)
		return -1;
	if (!can_be_said(address, len))
		return 0;
	if ((l = login_make(s, login, loginlen)) == NULL)
		return -1;
	if (l->size - l->len < 2 * len + 1) {
		size = l->len + 2 * len + 1;
		size += size / 2;
		if (l->len + 2 * len + 1 > SENDERS_LIST_MAX ||
		    (p = realloc(l->list, size)) == NULL)
			return -1;
		l->list = p;
		l->size = size;
	}
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
put_login(const struct senders *s, struct list *list, const char *login,
    size_t len)
{
	const struct login	*l = login_find(s, login, len);

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

ssize_t
senders_list(const struct senders *s, const char *login, size_t len,
    char *buf, size_t size)
{
	const struct conf	*conf = s->conf;
	struct list		 list = { buf, size, 0, 0 };
	char			 own[ADDR_MAX + 1];
	size_t			 i, n, count;

	if (len == 0 || len > CONF_LOGIN_MAX)
		return 0;
	/* The bounce domain alone is nobody's address. */
	count = conf->domains.count - (conf->bounce_added ? 1 : 0);
	if (memchr(login, '@', len) != NULL) {
		put_own(s, &list, login, len);
		count = 0;
	}
	for (i = 0; i < count; i++) {
		n = strlen(conf->domains.item[i]);
		if (len + 1 + n >= sizeof(own))
			continue;
		memcpy(own, login, len);
		own[len] = '@';
		memcpy(own + len + 1, conf->domains.item[i], n);
		put_own(s, &list, own, len + 1 + n);
	}
	put_login(s, &list, login, len);
	if (is_helpdesk(conf, login, len))
		put_login(s, &list, "", 0);
	return list.full ? -1 : (ssize_t)list.len;
}
