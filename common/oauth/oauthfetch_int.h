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

/* What the files of oauthfetch share; nobody else includes it. */

#ifndef OAUTHFETCH_INT_H
#define OAUTHFETCH_INT_H

#include <event.h>

#include <curl/curl.h>

#include "base/compat.h"
#include "oauth/oauthfetch.h"

struct oauthfetch {
	struct event_base	*base;
	struct resolve		*resolve;
	struct tlsio_ctx	*tls;
	CURLM			*multi;
	char			*authority;	/* curl wants to read one */
	struct event		 timer;
	LIST_HEAD(, oauthfetch_query) queries;
	LIST_HEAD(, oauthfetch_sock) socks;
};

struct oauthfetch_query {
	LIST_ENTRY(oauthfetch_query) entry;
	struct oauthfetch	*fetch;
	oauthfetch_cb		*cb;
	void			*arg;
	struct oauthtext	 o;
	int			 basic;
	struct resolve_query	*lookup;
	struct event		 soon;		/* answer is there */
	struct oauthanswer	 answer;
	CURL			*easy;
	char			 host[256];
	long			 port;
	struct curl_slist	*addrs, *headers;
	char			*form;		/* wiped */
	char			*body;		/* OAUTHFETCH_BODY_MAX, wiped */
	size_t			 len;
	char			 error[CURL_ERROR_SIZE];
};

/* oauthfetch_form.c: the request's body; NULL without memory. */
char	*oauthfetch_form(const struct oauthtext *o, int basic);

/* "Authorization: Basic ..." with the client's id and secret, or NULL. */
char	*oauthfetch_basic(const struct oauthtext *o);

/* oauthfetch_loop.c: curl's sockets and timers on libevent. */
int	 oauthfetch_loop(struct oauthfetch *);
void	 oauthfetch_loop_free(struct oauthfetch *);

/* A request of curl's has ended, with that result. */
void	 oauthfetch_done(struct oauthfetch_query *, CURLcode);

#endif
