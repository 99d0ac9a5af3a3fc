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
#include <sys/time.h>
#include <sys/types.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/compat.h"
#include "base/log.h"
#include "oauth/oauthfetch.h"
#include "smtp/aresev.h"
#include "smtp/resolve.h"
#include "smtp/tlsio.h"

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

/* A string that may hold secrets, of a size that is known before. */
struct oauthfetch_str {
	char	*data;
	size_t	 len;
};

static void	is_done(struct oauthfetch_query *q, CURLcode result);

static int
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static void
add_bytes(struct oauthfetch_str *s, const char *p)
{
	size_t	 len = strlen(p);

	memcpy(s->data + s->len, p, len + 1);
	s->len += len;
}

/* Appends a value as application/x-www-form-urlencoded has it. */
static void
encode_value(struct oauthfetch_str *s, const char *p)
{
	static const char	 hex[] = "0123456789ABCDEF";

	for (; *p != '\0'; p++) {
		if (is_plain(*p)) {
			s->data[s->len++] = *p;
			continue;
		}
		s->data[s->len++] = '%';
		s->data[s->len++] = hex[(unsigned char)*p >> 4];
		s->data[s->len++] = hex[*p & 15];
	}
	s->data[s->len] = '\0';
}

static size_t
size_of(const char *p)
{
	return p == NULL ? 0 : 3 * strlen(p);
}

/* The request's body; NULL without memory. */
static char *
make_form(const struct oauthtext *o, int basic)
{
	struct oauthfetch_str	 s = { NULL, 0 };

	s.data = malloc(size_of(o->refresh_token) +
	    size_of(o->client_id) + size_of(o->client_secret) +
	    size_of(o->scope) + 128);
	if (s.data == NULL)
		return NULL;
	add_bytes(&s, "grant_type=refresh_token&refresh_token=");
	encode_value(&s, o->refresh_token);
	if (!basic) {
		add_bytes(&s, "&client_id=");
		encode_value(&s, o->client_id);
	}
	if (!basic && o->client_secret != NULL) {
		add_bytes(&s, "&client_secret=");
		encode_value(&s, o->client_secret);
	}
	if (o->scope != NULL) {
		add_bytes(&s, "&scope=");
		encode_value(&s, o->scope);
	}
	return s.data;
}

/* "Authorization: Basic ..." with the client's id and secret, or NULL. */
static char *
make_basic(const struct oauthtext *o)
{
	static const char	 field[] = "Authorization: Basic ";
	struct oauthfetch_str	 s = { NULL, 0 };
	size_t			 size;
	char			*line;

	size = size_of(o->client_id) +
	    size_of(o->client_secret) + 2;
	if ((s.data = malloc(size)) == NULL)
		return NULL;
	/* RFC 6749 section 2.3.1: each is encoded before they are joined. */
	encode_value(&s, o->client_id);
	add_bytes(&s, ":");
	encode_value(&s, o->client_secret);
	line = calloc(1, sizeof(field) + (s.len + 2) / 3 * 4);
	if (line != NULL) {
		memcpy(line, field, sizeof(field) - 1);
		base64_encode((unsigned char *)s.data, s.len,
		    line + sizeof(field) - 1);
	}
	freezero(s.data, size);
	return line;
}

struct oauthfetch_sock {
	LIST_ENTRY(oauthfetch_sock) entry;
	struct oauthfetch	*fetch;
	struct event		 ev;
};

/* Takes the results that are there. */
static void
collect_done(struct oauthfetch *f)
{
	struct oauthfetch_query	*q;
	CURLMsg			*msg;
	CURLcode		 result;
	char			*p;
	int			 left;

	while ((msg = curl_multi_info_read(f->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		result = msg->data.result;
		p = NULL;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &p);
		q = (struct oauthfetch_query *)(void *)p;
		if (q != NULL)
			is_done(q, result);
	}
}

static void
on_socket(int fd, short what, void *arg)
{
	struct oauthfetch_sock	*s = arg;
	struct oauthfetch	*f = s->fetch;
	int			 running, mask;

	mask = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	    (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
	/* s may be gone after this. */
	curl_multi_socket_action(f->multi, fd, mask, &running);
	collect_done(f);
}

static void
on_timer(int fd, short what, void *arg)
{
	struct oauthfetch	*f = arg;
	int			 running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect_done(f);
}

/* curl says what it wants to know of a socket. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
    void *sockarg)
{
	struct oauthfetch	*f = arg;
	struct oauthfetch_sock	*s = sockarg;
	short			 events = EV_PERSIST;

	(void)easy;
	if (s != NULL)
		event_del(&s->ev);
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL) {
			LIST_REMOVE(s, entry);
			free(s);
		}
		return 0;
	}
	if (s == NULL) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return -1;
		s->fetch = f;
		LIST_INSERT_HEAD(&f->socks, s, entry);
		curl_multi_assign(f->multi, fd, s);
	}
	events |= (what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0);
	event_set(&s->ev, fd, events, on_socket, s);
	if (f->base != NULL)
		event_base_set(f->base, &s->ev);
	event_add(&s->ev, NULL);
	return 0;
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct oauthfetch	*f = arg;
	struct timeval		 tv = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		evtimer_del(&f->timer);
	else
		evtimer_add(&f->timer, &tv);
	return 0;
}

/* Curl's sockets and timers on libevent. */
static int
make_loop(struct oauthfetch *f)
{
	evtimer_set(&f->timer, on_timer, f);
	if (f->base != NULL)
		event_base_set(f->base, &f->timer);
	LIST_INIT(&f->socks);
	if ((f->multi = curl_multi_init()) == NULL)
		return -1;
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION,
	    watch_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
	    (long)OAUTHFETCH_CONNS);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 4L);
	return 0;
}

static void
free_loop(struct oauthfetch *f)
{
	struct oauthfetch_sock	*s;

	if (f->multi != NULL)
		curl_multi_cleanup(f->multi);
	while ((s = LIST_FIRST(&f->socks)) != NULL) {
		LIST_REMOVE(s, entry);
		event_del(&s->ev);
		free(s);
	}
	evtimer_del(&f->timer);
}

struct oauthfetch *
oauthfetch_new(struct event_base *base, struct resolve *resolve,
    struct tlsio_ctx *tls)
{
	static int		 ready;
	struct oauthfetch	*f;

	if (!ready) {
		/* curl would write the keys of sessions there. */
		(void)unsetenv("SSLKEYLOGFILE");
		if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
			log_warnx("libcurl cannot be made ready");
			return NULL;
		}
		ready = 1;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		log_warn("tokens");
		return NULL;
	}
	f->base = base;
	f->resolve = resolve;
	f->tls = tls;
	LIST_INIT(&f->queries);
	f->authority = tlsio_ctx_authority(tls);
	if (make_loop(f) == -1) {
		log_warnx("libcurl cannot be made ready");
		free(f->authority);
		free(f);
		return NULL;
	}
	return f;
}

void
oauthfetch_free(struct oauthfetch *f)
{
	struct oauthfetch_query	*q;

	if (f == NULL)
		return;
	while ((q = LIST_FIRST(&f->queries)) != NULL)
		oauthfetch_cancel(q);
	free_loop(f);
	free(f->authority);
	free(f);
}

static void
wipe_string(char **p)
{
	if (*p != NULL)
		freezero(*p, strlen(*p));
	*p = NULL;
}

/* Forgets one request of curl's; the query may make another. */
static void
reset_fetch(struct oauthfetch_query *q)
{
	struct curl_slist	*h;

	if (q->easy != NULL) {
		curl_multi_remove_handle(q->fetch->multi, q->easy);
		curl_easy_cleanup(q->easy);
		q->easy = NULL;
	}
	for (h = q->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(q->headers);
	q->headers = NULL;
	wipe_string(&q->form);
	freezero(q->body, OAUTHFETCH_BODY_MAX);
	q->body = NULL;
	q->len = 0;
}

void
oauthfetch_cancel(struct oauthfetch_query *q)
{
	reset_fetch(q);
	curl_slist_free_all(q->addrs);
	if (q->lookup != NULL)
		resolve_cancel(q->lookup);
	evtimer_del(&q->soon);
	LIST_REMOVE(q, entry);
	oauthanswer_free(&q->answer);
	oauthtext_free(&q->o);
	free(q);
}

static void
on_soon(int fd, short what, void *arg)
{
	struct oauthfetch_query	*q = arg;

	(void)fd;
	(void)what;
	q->cb(&q->answer, q->arg);
	oauthfetch_cancel(q);
}

/* The answer is there: tells it in the next turn of the loop. */
static void
finish_fetch(struct oauthfetch_query *q)
{
	struct timeval	 now = { 0, 0 };

	reset_fetch(q);
	evtimer_add(&q->soon, &now);
}

static void
fail_with(struct oauthfetch_query *q, const char *why)
{
	char	 text[OAUTHANSWER_TEXT_MAX];

	snprintf(text, sizeof(text), "token server %s: %s", q->host, why);
	oauthanswer_set(&q->answer, OAUTHANSWER_LATER, &q->o, text);
	finish_fetch(q);
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct oauthfetch_query	*q = arg;

	n *= size;
	if (n > OAUTHFETCH_BODY_MAX - q->len)
		return 0;
	memcpy(q->body + q->len, p, n);
	q->len += n;
	return n;
}

static CURLcode
on_tls(CURL *easy, void *sslctx, void *arg)
{
	struct oauthfetch_query	*q = arg;

	(void)easy;
	return tlsio_ctx_share(q->fetch->tls, sslctx) == 0 ? CURLE_OK :
	    CURLE_OUT_OF_MEMORY;
}

/*
 * The authorities were read before the sandbox closed, and come by
 * on_tls().  Releases since 8 read their own file unless they are
 * given a text: one certificate will do.
 */
static CURLcode
find_authority(struct oauthfetch_query *q)
{
	struct curl_blob	 blob = { .flags = CURL_BLOB_NOCOPY };

	if (q->fetch->authority == NULL)
		return CURLE_OK;
	blob.data = q->fetch->authority;
	blob.len = strlen(blob.data);
	return curl_easy_setopt(q->easy, CURLOPT_CAINFO_BLOB, &blob);
}

#define OAUTHFETCH_SET(option, value)					\
	(curl_easy_setopt(q->easy, (option), (value)) == CURLE_OK)

/* What may happen on the way to the endpoint, and what not. */
static int
set_options(struct oauthfetch_query *q)
{
	return OAUTHFETCH_SET(CURLOPT_PROTOCOLS_STR, "https") &&
	    OAUTHFETCH_SET(CURLOPT_URL, q->o.endpoint) &&
	    OAUTHFETCH_SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	    OAUTHFETCH_SET(CURLOPT_PROXY, "") &&
	    OAUTHFETCH_SET(CURLOPT_NOPROXY, "*") &&
	    OAUTHFETCH_SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	    OAUTHFETCH_SET(CURLOPT_NOSIGNAL, 1L) &&
	    OAUTHFETCH_SET(CURLOPT_TIMEOUT, (long)OAUTHFETCH_TIME) &&
	    OAUTHFETCH_SET(CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_1_1) &&
	    OAUTHFETCH_SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	    OAUTHFETCH_SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	    OAUTHFETCH_SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	    find_authority(q) == CURLE_OK &&
	    OAUTHFETCH_SET(CURLOPT_CAINFO, NULL) &&
	    OAUTHFETCH_SET(CURLOPT_CAPATH, NULL) &&
	    OAUTHFETCH_SET(CURLOPT_SSL_CTX_FUNCTION, on_tls) &&
	    OAUTHFETCH_SET(CURLOPT_SSL_CTX_DATA, q);
}

static int
add_header(struct oauthfetch_query *q, const char *line)
{
	struct curl_slist	*l;

	if (line == NULL || (l = curl_slist_append(q->headers, line)) == NULL)
		return 0;
	q->headers = l;
	return 1;
}

/* The request itself. */
static int
make_request(struct oauthfetch_query *q)
{
	char	*basic;
	int	 ok = 1;

	q->form = make_form(&q->o, q->basic);
	q->body = malloc(OAUTHFETCH_BODY_MAX);
	if (q->basic) {
		basic = make_basic(&q->o);
		ok = add_header(q, basic);
		wipe_string(&basic);
	}
	return ok && q->form != NULL && q->body != NULL &&
	    add_header(q, "Accept: application/json") &&
	    add_header(q, "Expect:") &&
	    OAUTHFETCH_SET(CURLOPT_HTTPHEADER, q->headers) &&
	    OAUTHFETCH_SET(CURLOPT_USERAGENT, "opensmtpd-relay") &&
	    OAUTHFETCH_SET(CURLOPT_POSTFIELDS, q->form) &&
	    OAUTHFETCH_SET(CURLOPT_WRITEFUNCTION, on_body) &&
	    OAUTHFETCH_SET(CURLOPT_WRITEDATA, q) &&
	    OAUTHFETCH_SET(CURLOPT_ERRORBUFFER, q->error) &&
	    OAUTHFETCH_SET(CURLOPT_PRIVATE, q) &&
	    (q->addrs == NULL || OAUTHFETCH_SET(CURLOPT_RESOLVE, q->addrs));
}

/* The endpoint's addresses are known: asks it. */
static void
ask_server(struct oauthfetch_query *q)
{
	q->error[0] = '\0';
	if ((q->easy = curl_easy_init()) == NULL || !set_options(q) ||
	    !make_request(q) ||
	    curl_multi_add_handle(q->fetch->multi, q->easy) != CURLM_OK)
		fail_with(q, "cannot be asked");
}

/* A request of curl's has ended, with that result. */
static void
is_done(struct oauthfetch_query *q, CURLcode result)
{
	long	 status = 0;

	if (result != CURLE_OK) {
		fail_with(q, q->error[0] != '\0' ? q->error :
		    curl_easy_strerror(result));
		return;
	}
	curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
	oauthanswer_parse(&q->answer, &q->o, q->basic, status, q->body,
	    q->len);
	if (q->answer.state != OAUTHANSWER_BASIC) {
		finish_fetch(q);
		return;
	}
	oauthanswer_free(&q->answer);
	reset_fetch(q);
	q->basic = 1;
	ask_server(q);
}

/* curl is told all addresses, so that it asks no resolver of its own. */
static void
on_answer(const struct resolve_answer *a, void *arg)
{
	struct oauthfetch_query	*q = arg;
	char			 line[4096], addr[INET6_ADDRSTRLEN];
	const void		*p;
	size_t			 used;
	int			 i;

	if (a->more && a->naddrs == 0)
		return;
	if (a->more)
		resolve_cancel(q->lookup);
	q->lookup = NULL;
	if (a->naddrs == 0) {
		fail_with(q, "has no address that can be found");
		return;
	}
	snprintf(line, sizeof(line), "%s:%ld:", q->host, q->port);
	for (i = 0; i < a->naddrs; i++) {
		if (a->addrs[i].ss_family == AF_INET6)
			p = &((const struct sockaddr_in6 *)
			    &a->addrs[i])->sin6_addr;
		else
			p = &((const struct sockaddr_in *)
			    &a->addrs[i])->sin_addr;
		if (inet_ntop(a->addrs[i].ss_family, p, addr, sizeof(addr)) ==
		    NULL)
			continue;
		used = strlen(line);
		snprintf(line + used, sizeof(line) - used, "%s%s",
		    i == 0 ? "" : ",", addr);
	}
	/* A literal is none of a resolver's business. */
	if (!resolve_literal(q->host, 0, &(struct sockaddr_storage){ 0 },
	    NULL) && (q->addrs = curl_slist_append(NULL, line)) == NULL)
		fail_with(q, "cannot be asked");
	else
		ask_server(q);
}

/* Host and port of the endpoint: 0 or -1. */
static int
say_where(struct oauthfetch_query *q)
{
	CURLU	*url = curl_url();
	char	*host = NULL, *port = NULL;
	int	 rv = -1;

	if (url != NULL &&
	    curl_url_set(url, CURLUPART_URL, q->o.endpoint, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
	    CURLUE_OK && strlcpy(q->host, host, sizeof(q->host)) <
	    sizeof(q->host)) {
		q->port = strtol(port, NULL, 10);
		rv = 0;
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
	return rv;
}

struct oauthfetch_query *
oauthfetch_start(struct oauthfetch *f, struct oauthtext *o, oauthfetch_cb *cb,
    void *arg)
{
	struct oauthfetch_query	*q;

	if ((q = calloc(1, sizeof(*q))) == NULL) {
		oauthtext_free(o);
		return NULL;
	}
	q->fetch = f;
	q->cb = cb;
	q->arg = arg;
	q->o = *o;
	memset(o, 0, sizeof(*o));
	evtimer_set(&q->soon, on_soon, q);
	if (f->base != NULL)
		event_base_set(f->base, &q->soon);
	LIST_INSERT_HEAD(&f->queries, q, entry);
	if (say_where(q) == -1)
		fail_with(q, "has a URL that makes no sense");
	else if ((q->lookup = resolve_start(f->resolve, q->host, q->port,
	    on_answer, q)) == NULL)
		fail_with(q, "cannot be looked up");
	return q;
}

struct oauthfetch_run {
	struct oauthanswer	*answer;
	int			 done;
};

static void
on_run(struct oauthanswer *a, void *arg)
{
	struct oauthfetch_run	*r = arg;

	*r->answer = *a;
	a->token = a->refresh = NULL;
	r->done = 1;
}

void
oauthfetch_run(struct oauthtext *o, const char *ca, const char *servers,
    struct oauthanswer *a)
{
	struct aresev_conf	 dns = { .servers = servers };
	struct oauthfetch_run	 run = { a, 0 };
	struct oauthfetch	*f = NULL;
	struct tlsio_ctx	*tls = NULL;
	struct resolve		*r = NULL;
	struct event_base	*base;

	signal(SIGPIPE, SIG_IGN);
	oauthanswer_set(a, OAUTHANSWER_LATER, o, "no memory");
	if ((base = event_base_new()) != NULL &&
	    (r = resolve_new(base, &dns, NULL)) != NULL &&
	    (tls = tlsio_ctx_client(ca)) != NULL &&
	    (f = oauthfetch_new(base, r, tls)) != NULL &&
	    oauthfetch_start(f, o, on_run, &run) != NULL)
		while (!run.done)
			if (event_base_loop(base, EVLOOP_ONCE) != 0)
				break;
	oauthtext_free(o);
	oauthfetch_free(f);
	tlsio_ctx_free(tls);
	resolve_free(r);
	if (base != NULL)
		event_base_free(base);
}
