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

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/compat.h"
#include "smtpcmd.h"

#define SYNTAX		"501 5.5.2 Syntax error"
#define PARAMETER	"501 5.5.4 Invalid parameter"
#define UNKNOWN		"555 5.5.4 Parameter not recognized"
#define BADADDRESS	"553 5.1.3 Invalid address"

static const struct {
	const char		*word;
	enum smtpcmd_verb	 verb;
} verbs[] = {
	{ "HELO", SMTPCMD_HELO }, { "EHLO", SMTPCMD_EHLO },
	{ "AUTH", SMTPCMD_AUTH }, { "MAIL", SMTPCMD_MAIL },
	{ "RCPT", SMTPCMD_RCPT }, { "DATA", SMTPCMD_DATA },
	{ "RSET", SMTPCMD_RSET }, { "NOOP", SMTPCMD_NOOP },
	{ "QUIT", SMTPCMD_QUIT }, { "VRFY", SMTPCMD_VRFY },
	{ "EXPN", SMTPCMD_EXPN }, { "HELP", SMTPCMD_HELP }
};

enum smtpcmd_verb
smtpcmd_verb(const char *line, const char **arg)
{
	size_t	i, n = strcspn(line, " ");

	*arg = line + n + strspn(line + n, " ");
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (n == 4 && strncasecmp(line, verbs[i].word, 4) == 0)
			return verbs[i].verb;
	return SMTPCMD_UNKNOWN;
}

/*
 * The length of a path with its angles, of which the address goes to buf
 * without its source route (RFC 5321 section 4.1.1.3), or 0 if it is none.
 */
static size_t
take_angles(const char *s, char *buf, size_t size)
{
	const char	*p = s + 1, *from;
	int		 quoted = 0;

	if (*s != '<')
		return 0;
	if (*p == '@' && (p = strchr(p, ':')) != NULL)
		p++;
	if (p == NULL)
		return 0;
	for (from = p; *p != '\0' && (quoted || *p != '>'); p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == '\\' && quoted && p[1] != '\0')
			p++;
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~' ||
		    (!quoted && (*p == ' ' || *p == '<')))
			return 0;
	}
	if (*p != '>' || (size_t)(p - from) >= size)
		return 0;
	memcpy(buf, from, p - from);
	buf[p - from] = '\0';
	return p + 1 - s;
}

/* A local part, @ and a domain. */
static int
is_address(const char *s)
{
	const char	*at = strrchr(s, '@');

	return at != NULL && at != s && at[1] != '\0' &&
	    strpbrk(at, "\" ") == NULL;
}

/* RFC 3461 section 4: visible characters but + and =, or +XX. */
static int
is_xtext(const char *s, size_t max)
{
	size_t	n;

	for (n = 0; s[n] != '\0'; n++) {
		if (s[n] == '=' || s[n] < '!' || s[n] > '~')
			return 0;
		if (s[n] != '+')
			continue;
		if (!isxdigit((unsigned char)s[n + 1]) ||
		    !isxdigit((unsigned char)s[n + 2]) ||
		    islower((unsigned char)s[n + 1]) ||
		    islower((unsigned char)s[n + 2]))
			return 0;
	}
	return n > 0 && n <= max;
}

static int
is_notify(const char *s)
{
	static const char *const	words[] = { "SUCCESS", "FAILURE",
					    "DELAY" };
	size_t				n, i;

	if (strcasecmp(s, "NEVER") == 0)
		return 1;
	for (;; s += n + 1) {
		n = strcspn(s, ",");
		for (i = 0; i < 3; i++)
			if (strlen(words[i]) == n &&
			    strncasecmp(s, words[i], n) == 0)
				break;
		if (i == 3)
			return 0;
		if (s[n] == '\0')
			return 1;
	}
}

/* addr-type ";" xtext */
static int
is_orcpt(const char *s)
{
	size_t	n;

	for (n = 0; isalnum((unsigned char)s[n]) || s[n] == '-'; n++)
		;
	return n > 0 && n <= 60 && s[n] == ';' &&
	    is_xtext(s + n + 1, SMTPCMD_ORCPT_MAX - n - 1);
}

static int
is_size(const char *s)
{
	size_t	n = strspn(s, "0123456789");

	return n > 0 && n <= 20 && s[n] == '\0';
}

/* Notes a parameter to be passed on; twice the same is a mistake. */
static const char *
keep_path(char *buf, size_t size, const char *name, const char *value)
{
	size_t	len = strlen(buf), n = strlen(name);
	char	*p;

	for (p = buf; (p = strchr(p, ' ')) != NULL; p++)
		if (strncmp(p + 1, name, n) == 0 && p[1 + n] == '=')
			return PARAMETER;
	return (size_t)snprintf(buf + len, size - len, " %s=%s", name,
	    value) >= size - len ? PARAMETER : NULL;
}

static const char *
read_mail_param(struct smtpcmd_path *p, const char *name,
    const char *value)
{
	if (strcasecmp(name, "SIZE") == 0)
		return !is_size(value) ? PARAMETER :
		    keep_path(p->size, sizeof(p->size), "SIZE", value);
	if (strcasecmp(name, "BODY") == 0) {
		if (strcasecmp(value, "7BIT") != 0 &&
		    strcasecmp(value, "8BITMIME") != 0)
			return PARAMETER;
		return keep_path(p->body, sizeof(p->body), "BODY",
		    strcasecmp(value, "7BIT") == 0 ? "7BIT" : "8BITMIME");
	}
	if (strcasecmp(name, "RET") == 0)
		return strcasecmp(value, "FULL") != 0 &&
		    strcasecmp(value, "HDRS") != 0 ? PARAMETER :
		    keep_path(p->dsn, sizeof(p->dsn), "RET", value);
	if (strcasecmp(name, "ENVID") == 0)
		return !is_xtext(value, SMTPCMD_ENVID_MAX) ?
		    PARAMETER :
		    keep_path(p->dsn, sizeof(p->dsn), "ENVID", value);
	/* RFC 4954 section 5: whoever does not trust it drops it. */
	if (strcasecmp(name, "AUTH") == 0)
		return strcmp(value, "<>") == 0 ||
		    is_xtext(value, SMTPCMD_ORCPT_MAX) ? NULL :
		    PARAMETER;
	return UNKNOWN;
}

static const char *
read_rcpt_param(struct smtpcmd_path *p, const char *name,
    const char *value)
{
	if (strcasecmp(name, "NOTIFY") == 0)
		return !is_notify(value) ? PARAMETER :
		    keep_path(p->dsn, sizeof(p->dsn), "NOTIFY", value);
	if (strcasecmp(name, "ORCPT") == 0)
		return !is_orcpt(value) ? PARAMETER :
		    keep_path(p->dsn, sizeof(p->dsn), "ORCPT", value);
	return UNKNOWN;
}

const char *
smtpcmd_path(const char *arg, int rcpt, struct smtpcmd_path *path)
{
	char		 param[SMTPCMD_PARAMS_MAX + 1], *value;
	const char	*word = rcpt ? "TO:" : "FROM:", *wrong;
	size_t		 n = strlen(word);

	memset(path, 0, sizeof(*path));
	if (strncasecmp(arg, word, n) != 0)
		return SYNTAX;
	/* A blank here is against the rules, and common. */
	arg += n + strspn(arg + n, " ");
	n = take_angles(arg, path->address, sizeof(path->address));
	if (n == 0 || (arg[n] != '\0' && arg[n] != ' '))
		return SYNTAX;
	if (path->address[0] == '\0' ? rcpt :
	    !is_address(path->address))
		return BADADDRESS;
	for (arg += n; *(arg += strspn(arg, " ")) != '\0'; arg += n) {
		n = strcspn(arg, " ");
		if (n >= sizeof(param))
			return PARAMETER;
		memcpy(param, arg, n);
		param[n] = '\0';
		if ((value = strchr(param, '=')) == NULL)
			return UNKNOWN;
		*value++ = '\0';
		wrong = rcpt ? read_rcpt_param(path, param, value) :
		    read_mail_param(path, param, value);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}
