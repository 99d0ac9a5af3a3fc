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

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/compat.h"
#include "spf/spf_macro.h"
#include "spf/spf_record.h"

#define VERSION		"v=spf1"
#define VERSION_LEN	(sizeof(VERSION) - 1)

/* What may follow a mechanism's name. */
#define ARG_NONE	0
#define ARG_DOMAIN	1	/* ":" domain-spec */
#define ARG_OPTIONAL	2	/* the same, or nothing */
#define ARG_DUAL	3	/* the same, then prefix lengths */
#define ARG_IP4		4
#define ARG_IP6		5

static const struct {
	const char	*name;
	int		 arg;
} spf_mechanisms[] = {
	[SPF_ALL] =	{ "all", ARG_NONE },
	[SPF_INCLUDE] =	{ "include", ARG_DOMAIN },
	[SPF_A] =	{ "a", ARG_DUAL },
	[SPF_MX] =	{ "mx", ARG_DUAL },
	[SPF_PTR] =	{ "ptr", ARG_OPTIONAL },
	[SPF_IP4] =	{ "ip4", ARG_IP4 },
	[SPF_IP6] =	{ "ip6", ARG_IP6 },
	[SPF_EXISTS] =	{ "exists", ARG_DOMAIN },
};

#define NMECHANISMS	(sizeof(spf_mechanisms) / sizeof(spf_mechanisms[0]))

int
spf_record_is(const char *text, size_t len)
{
	return len >= VERSION_LEN &&
	    strncasecmp(text, VERSION, VERSION_LEN) == 0 &&
	    (len == VERSION_LEN || text[VERSION_LEN] == ' ');
}

/* Says what is wrong with a term, which is printable; always -1. */
static int
record_bad(char *why, const char *term, const char *what)
{
	snprintf(why, SPF_WHY_MAX, "\"%.80s\": %s", term, what);
	return -1;
}

/* A prefix length that is all of s (12: no leading zeros); -1 if it is not. */
static int
record_prefix(const char *s, int max)
{
	int v = 0;

	if (*s == '\0' || (*s == '0' && s[1] != '\0'))
		return -1;
	for (; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return -1;
		if ((v = v * 10 + (*s - '0')) > max)
			return -1;
	}
	return v;
}

/*
 * Cuts the prefix lengths off the end of arg: "/24", "//64" or "/24//64".
 * A slash is allowed inside a domain-spec, too, so only what looks like one
 * of these counts.
 */
static int
record_dual(struct spf_term *t, char *arg)
{
	char *p = arg + strlen(arg);

	while (p > arg && isdigit((unsigned char)p[-1]))
		p--;
	if (*p == '\0' && (p == arg || p[-1] != '/'))
		return 0;
	if (p - arg >= 2 && p[-1] == '/' && p[-2] == '/') {
		if ((t->prefix6 = record_prefix(p, 128)) == -1)
			return -1;
		p[-2] = '\0';
		for (p -= 2; p > arg && isdigit((unsigned char)p[-1]); )
			p--;
		if (p == arg || p[-1] != '/' || *p == '\0')
			return 0;
	} else if (p == arg || p[-1] != '/')
		return 0;
	if ((t->prefix4 = record_prefix(p, 32)) == -1)
		return -1;
	p[-1] = '\0';
	return 0;
}

/* ip4 and ip6: an address, and perhaps a prefix length. */
static int
record_network(struct spf_term *t, char *arg, char *why)
{
	char *slash;
	int six = t->kind == SPF_IP6, prefix = six ? 128 : 32;

	if (*arg++ != ':')
		return record_bad(why, t->text, "an address is missing");
	if ((slash = strchr(arg, '/')) != NULL) {
		*slash++ = '\0';
		if ((prefix = record_prefix(slash, prefix)) == -1)
			return record_bad(why, t->text, "bad prefix length");
	}
	if (six ? inet_pton(AF_INET6, arg, &t->in6) != 1 :
	    inet_pton(AF_INET, arg, &t->in) != 1)
		return record_bad(why, t->text, "bad address");
	if (six)
		t->prefix6 = prefix;
	else
		t->prefix4 = prefix;
	return 0;
}

/* Reads what follows the mechanism's name; arg may be written to. */
static int
record_argument(struct spf_term *t, char *arg, char *why)
{
	int kind = spf_mechanisms[t->kind].arg;

	if (kind == ARG_IP4 || kind == ARG_IP6)
		return record_network(t, arg, why);
	if (kind == ARG_DUAL && record_dual(t, arg) == -1)
		return record_bad(why, t->text, "bad prefix length");
	if (*arg == '\0') {
		if (kind == ARG_DOMAIN)
			return record_bad(why, t->text, "a domain is missing");
		return 0;
	}
	if (kind == ARG_NONE || *arg != ':')
		return record_bad(why, t->text, "unexpected text after it");
	if (spf_macro_check_domain(arg + 1) == -1)
		return record_bad(why, t->text, "bad domain");
	return (t->spec = strdup(arg + 1)) == NULL ? -1 : 0;
}

static int
record_mechanism(struct spf_record *r, const char *term, char *why)
{
	struct spf_term *t, *v;
	char *arg, *copy;
	size_t i, len;
	int rc;

	if ((v = reallocarray(r->terms, r->n + 1, sizeof(*v))) == NULL)
		return -1;
	r->terms = v;
	t = &v[r->n++];
	memset(t, 0, sizeof(*t));
	t->prefix4 = 32;
	t->prefix6 = 128;
	t->qualifier = '+';
	if ((t->text = strdup(term)) == NULL)
		return -1;
	if (*term != '\0' && strchr("+-~?", *term) != NULL)
		t->qualifier = *term++;
	len = strcspn(term, ":/");
	for (i = 0; i < NMECHANISMS; i++)
		if (strlen(spf_mechanisms[i].name) == len &&
		    strncasecmp(spf_mechanisms[i].name, term, len) == 0)
			break;
	if (i == NMECHANISMS)
		return record_bad(why, t->text, "no such mechanism");
	t->kind = i;
	if ((copy = strdup(term)) == NULL)
		return -1;
	arg = copy + len;
	rc = record_argument(t, arg, why);
	free(copy);
	return rc;
}

/* name "=" value, of which eq is the "=" (6). */
static int
record_modifier(struct spf_record *r, const char *term, const char *eq,
    char *why)
{
	const char *p;
	char **value;

	for (p = term; p < eq; p++)
		if (!isalpha((unsigned char)*p) && (p == term ||
		    (!isdigit((unsigned char)*p) && strchr("-_.", *p) == NULL)))
			break;
	if (p == term || p < eq)
		return record_bad(why, term, "bad name before \"=\"");
	if (eq - term == 8 && strncasecmp(term, "redirect", 8) == 0)
		value = &r->redirect;
	else if (eq - term == 3 && strncasecmp(term, "exp", 3) == 0)
		value = &r->exp;
	else if (spf_macro_check(eq + 1, 1) == -1)
		return record_bad(why, term, "bad macro");
	else
		return 0;
	if (*value != NULL)
		return record_bad(why, term, "stands twice");
	if (spf_macro_check_domain(eq + 1) == -1)
		return record_bad(why, term, "bad domain");
	return (*value = strdup(eq + 1)) == NULL ? -1 : 0;
}

int
spf_record_parse(struct spf_record *r, const char *text, size_t len, char *why)
{
	char *copy, *p, *term;
	size_t i;
	int rc = 0;

	memset(r, 0, sizeof(*r));
	strlcpy(why, "out of memory", SPF_WHY_MAX);
	if (len > SPF_RECORD_MAX) {
		strlcpy(why, "the record is too long", SPF_WHY_MAX);
		return -1;
	}
	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~') {
			strlcpy(why, "the record has a byte that is no "
			    "printable ASCII", SPF_WHY_MAX);
			return -1;
		}
	if ((copy = malloc(len + 1)) == NULL)
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	p = copy + VERSION_LEN;
	while (rc == 0 && (term = strsep(&p, " ")) != NULL) {
		if (*term == '\0')
			continue;
		i = strcspn(term, ":/=");
		if (term[i] == '=')
			rc = record_modifier(r, term, term + i, why);
		else
			rc = record_mechanism(r, term, why);
	}
	free(copy);
	if (rc == -1)
		spf_record_free(r);
	return rc;
}

void
spf_record_free(struct spf_record *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->terms[i].text);
		free(r->terms[i].spec);
	}
	free(r->terms);
	free(r->redirect);
	free(r->exp);
	memset(r, 0, sizeof(*r));
}
