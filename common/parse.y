%{
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
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "conflex.h"
#include "hostport.h"

int	yyparse(void);
int	yylex(void);
int	yyerror(const char *);

/* One file is read at a time, and nothing here survives conf_parse(). */
static struct conf		*conf;
static struct conflex		*lex;
static struct conf_errors	*errors;
static struct conf_list		*list;		/* being filled */
static const char		*want;		/* what may stand next */
static const char		*text;		/* of the last token */
static int			 token;		/* the last one */
static int			 plain;		/* no keywords: macro's value */
static int			 block;		/* line of open block, or 0 */
static int			 failed;	/* out of memory */

/* Lines that may stand once, and where they stood. */
enum once {
	ONCE_DATABASE,
	ONCE_KEY,
	ONCE_BOUNCE,
	ONCE_SANDBOX,
	ONCE_SPOOL,
	ONCE_AUTHENTICATE,
	ONCE_TRUST,
	ONCE_FROM,
	ONCE_COPIES,
	ONCE_SIGNATURE,
	ONCE_HANDLE,
	ONCE_RETAIN,
	ONCE_AUTOMATIC,
	ONCE_LEAK,
	ONCE_COMMANDS,
	ONCE_PARTICIPANTS,
	ONCE_MESSAGES,
	ONCE_SPAM,
	ONCE_ALTERNATES,
	ONCE_TLS,
	ONCE_COURIER,
	ONCE_VERIFY,
	ONCE_HIDE,
	ONCE_SENDER_MESSAGES,
	ONCE_SENDER_RECIPIENTS,
	ONCE_MAX
};

static int	once_line[ONCE_MAX];

#define WANT_LINE	"database, key, domain, bounce, sandbox, spool, "   \
			"replies, outbound, limit, include or a macro "	    \
			"(name = value)"
#define WANT_REPLIES	"authenticate, trust, from, copies, signature, "    \
			"handle, retain, automatic, leak, commands, "	    \
			"participants, messages, spam, helpdesk or '}'"
#define WANT_OUTBOUND	"alternates, hosts, tls, courier, verify, hide or '}'"
#define WANT_LIMIT	"messages or recipients"
#define WANT_UNIT	"minute, hour or day"
#define WANT_END	"the end of the line"
#define WANT_END_BLOCK	"the end of the line or '}'"
#define WANT_MORE	"',', the end of the line or '}'"
#define WANT_DURATION	"a time such as 90d, 12h, 10m or 30s"

static void	once(enum once, const char *);
static void	set_path(char **, const char *, const char *);
static void	set_bounce(const char *);
static void	set_spool(const char *);
static void	set_duration(int64_t *, const char *);
static void	set_number(unsigned int *, const char *, unsigned int);
static void	add_domain(const char *);
static void	add_login(const char *);
static void	add_host(const char *);
static void	set_courier(const char *, const char *);
static void	define(const char *, const char *);
static void	done(void);
%}

%union {
	const char	*string;
	int		 number;
}

%token	ACCEPT ALLOW ALTERNATES AND ARCHIVE AUTHENTICATE AUTOMATIC BOUNCE
%token	CLIENT COMMANDS COPIES COURIER DATABASE DAY DENY DOMAIN FROM HANDLE
%token	HELPDESK HIDE HOSTS HOUR IDENTITY IGNORE INCLUDE KEY LEAK LIFETIME
%token	LIMIT MAILBOX MESSAGES MINUTE NO NONE OR ORIGINAL OUTBOUND
%token	PARTICIPANTS PASS PER PORT RECIPIENTS REFUSE REPLIES REQUIRE REQUIRED
%token	RESULTS RETAIN SANDBOX SCRUB SENDER SIGNATURE SPAM SPOOL TLS TRUST
%token	VERIFY WORKER YES BAD
%token	<string> STRING MACRO
%type	<string> values
%type	<number> authenticate from copies automatic leak commands spam
%type	<number> alternates tls yesno unit

%%

grammar		: /* empty */			{ want = WANT_LINE; }
		| grammar '\n'			{ want = WANT_LINE; }
		| grammar line '\n'		{ want = WANT_LINE; }
		| grammar error '\n'		{ want = WANT_LINE; yyerrok; }
		;

line		: include
		| macro
		| database
		| key
		| domain
		| bounce
		| sandbox
		| spool
		| replies
		| outbound
		| limit
		;

include		: INCLUDE { want = "the name of a file"; } STRING {
			done();
			(void)conflex_include(lex, $3);
		}
		;

macro		: MACRO { want = "'='"; } '=' { want = "a value"; } values {
			define($1, $5);
		}
		;

values		: STRING			{ $$ = $1; done(); }
		| values STRING	{
			if (($$ = conflex_join(lex, $1, $2)) == NULL) {
				failed = 1;
				YYABORT;
			}
		}
		;

database	: DATABASE { want = "the path of a file"; } STRING {
			once(ONCE_DATABASE, "database");
			set_path(&conf->database, "database", $3);
		}
		;

key		: KEY { want = "the path of a file"; } STRING {
			once(ONCE_KEY, "key");
			set_path(&conf->key, "key", $3);
		}
		;

domain		: DOMAIN { want = "a domain or '{'"; } domains { done(); }
		;

domains		: STRING			{ add_domain($1); }
		| '{' { want = "a domain"; } nls0 domainlist domainend
		;

domainlist	: domainname
		| domainlist sep domainname
		;

domainname	: STRING			{
			add_domain($1);
			want = WANT_MORE;
		}
		;

domainend	: '}'
		| sep '}'
		;

bounce		: BOUNCE { want = "domain"; } DOMAIN { want = "a domain"; }
		    STRING {
			once(ONCE_BOUNCE, "bounce domain");
			set_bounce($5);
		}
		;

sandbox		: SANDBOX { want = "required"; } REQUIRED {
			once(ONCE_SANDBOX, "sandbox");
			conf->sandbox_required = 1;
		}
		;

spool		: SPOOL { want = "a size such as 200M"; } STRING {
			once(ONCE_SPOOL, "spool");
			set_spool($3);
		}
		;

replies		: REPLIES { want = "'{'"; } '{' {
			block = conflex_line(lex);
			want = WANT_REPLIES;
		} options last '}' {
			block = 0;
			done();
		}
		;

options		: /* empty */
		| options option '\n'		{ want = WANT_REPLIES; }
		| options '\n'			{ want = WANT_REPLIES; }
		| options error '\n'		{
			want = WANT_REPLIES;
			yyerrok;
		}
		;

last		: /* empty */
		| option
		;

option		: AUTHENTICATE {
			want = "signature, sender, signature or sender, "
			    "signature and sender, or none";
		} authenticate {
			once(ONCE_AUTHENTICATE, "authenticate");
			conf->replies.authenticate = $3;
		}
		| TRUST { want = "authentication-results"; } RESULTS {
			once(ONCE_TRUST, "trust authentication-results");
			conf->replies.trust_results = 1;
		}
		| FROM { want = "mailbox or worker"; } from {
			once(ONCE_FROM, "from");
			conf->replies.from = $3;
		}
		| COPIES { want = "from"; } FROM {
			want = "mailbox or original";
		} copies {
			once(ONCE_COPIES, "copies from");
			conf->replies.copies = $5;
		}
		| SIGNATURE { want = "lifetime"; } LIFETIME {
			want = WANT_DURATION;
		} STRING {
			once(ONCE_SIGNATURE, "signature lifetime");
			set_duration(&conf->replies.signature_lifetime, $5);
		}
		| HANDLE { want = "lifetime"; } LIFETIME {
			want = WANT_DURATION;
		} STRING {
			once(ONCE_HANDLE, "handle lifetime");
			set_duration(&conf->replies.handle_lifetime, $5);
		}
		| RETAIN { want = WANT_DURATION; } STRING {
			once(ONCE_RETAIN, "retain");
			set_duration(&conf->replies.retain, $3);
		}
		| AUTOMATIC { want = "refuse or pass"; } automatic {
			once(ONCE_AUTOMATIC, "automatic");
			conf->replies.automatic_pass = $3;
		}
		| LEAK { want = "scrub, refuse or pass"; } leak {
			once(ONCE_LEAK, "leak");
			conf->replies.leak = $3;
		}
		| COMMANDS { want = "accept or ignore"; } commands {
			once(ONCE_COMMANDS, "commands");
			conf->replies.commands_accept = $3;
		}
		| PARTICIPANTS { want = "a number"; } STRING {
			once(ONCE_PARTICIPANTS, "participants");
			set_number(&conf->replies.participants, $3,
			    CONF_PARTICIPANTS_MAX);
		}
		| MESSAGES { want = "a number"; } STRING { want = "per hour"; }
		    PER { want = "hour"; } HOUR {
			once(ONCE_MESSAGES, "messages");
			set_number(&conf->replies.messages_per_hour, $3,
			    CONF_MESSAGES_MAX);
		}
		| SPAM { want = "archive, refuse or pass"; } spam {
			once(ONCE_SPAM, "spam");
			conf->replies.spam = $3;
		}
		| HELPDESK { want = "a login or '{'"; } helpdesk { done(); }
		;

authenticate	: signature			{ $$ = CONF_AUTH_SIGNATURE; }
		| SENDER		{ $$ = CONF_AUTH_SENDER; done(); }
		| signature OR { want = "sender"; } SENDER {
			$$ = CONF_AUTH_EITHER;
			done();
		}
		| signature AND { want = "sender"; } SENDER {
			$$ = CONF_AUTH_BOTH;
			done();
		}
		| NONE			{ $$ = CONF_AUTH_NONE; done(); }
		;

signature	: SIGNATURE {
			want = "or, and, the end of the line or '}'";
		}
		;

from		: MAILBOX		{ $$ = CONF_FROM_MAILBOX; done(); }
		| WORKER		{ $$ = CONF_FROM_WORKER; done(); }
		;

copies		: MAILBOX		{ $$ = CONF_COPIES_MAILBOX; done(); }
		| ORIGINAL		{ $$ = CONF_COPIES_ORIGINAL; done(); }
		;

automatic	: REFUSE		{ $$ = 0; done(); }
		| PASS			{ $$ = 1; done(); }
		;

leak		: SCRUB			{ $$ = CONF_LEAK_SCRUB; done(); }
		| REFUSE		{ $$ = CONF_LEAK_REFUSE; done(); }
		| PASS			{ $$ = CONF_LEAK_PASS; done(); }
		;

commands	: ACCEPT		{ $$ = 1; done(); }
		| IGNORE		{ $$ = 0; done(); }
		;

spam		: ARCHIVE		{ $$ = CONF_SPAM_ARCHIVE; done(); }
		| REFUSE		{ $$ = CONF_SPAM_REFUSE; done(); }
		| PASS			{ $$ = CONF_SPAM_PASS; done(); }
		;

helpdesk	: STRING			{ add_login($1); }
		| '{' { want = "a login"; } nls0 loginlist domainend
		;

loginlist	: login
		| loginlist sep login
		;

login		: STRING			{
			add_login($1);
			want = WANT_MORE;
		}
		;

outbound	: OUTBOUND { want = "'{'"; } '{' {
			conf->outbound.present = 1;
			block = conflex_line(lex);
			want = WANT_OUTBOUND;
		} outopts outlast '}' {
			block = 0;
			done();
		}
		;

outopts		: /* empty */
		| outopts outopt '\n'		{ want = WANT_OUTBOUND; }
		| outopts '\n'			{ want = WANT_OUTBOUND; }
		| outopts error '\n'		{
			want = WANT_OUTBOUND;
			yyerrok;
		}
		;

outlast		: /* empty */
		| outopt
		;

outopt		: ALTERNATES { want = "allow or deny"; } alternates {
			once(ONCE_ALTERNATES, "alternates");
			conf->outbound.alternates = $3;
		}
		| HOSTS { want = "a server such as "
			    "\"smtp.partner.example:587\", or '{'"; } hosts {
			done();
		}
		| TLS { want = "verify or require"; } tls {
			once(ONCE_TLS, "tls");
			conf->outbound.tls = $3;
		}
		| COURIER { want = "an address"; } STRING { want = "port"; }
		    PORT { want = "a number"; } STRING {
			once(ONCE_COURIER, "courier");
			set_courier($3, $7);
		}
		| VERIFY { want = "identity"; } IDENTITY {
			once(ONCE_VERIFY, "verify identity");
			conf->outbound.verify_identity = 1;
		}
		| HIDE { want = "client"; } CLIENT { want = "yes or no"; }
		    yesno {
			once(ONCE_HIDE, "hide client");
			conf->outbound.hide_client = $5;
		}
		;

alternates	: ALLOW			{ $$ = 1; done(); }
		| DENY			{ $$ = 0; done(); }
		;

tls		: VERIFY		{ $$ = CONF_TLS_VERIFY; done(); }
		| REQUIRE		{ $$ = CONF_TLS_REQUIRE; done(); }
		;

yesno		: YES			{ $$ = 1; done(); }
		| NO			{ $$ = 0; done(); }
		;

hosts		: STRING			{ add_host($1); }
		| '{' { want = "a server"; } nls0 hostlist domainend
		;

hostlist	: host
		| hostlist sep host
		;

host		: STRING			{
			add_host($1);
			want = WANT_MORE;
		}
		;

limit		: LIMIT { want = "sender"; } SENDER { want = "'{'"; } '{' {
			want = WANT_LIMIT;
		} nls0 limitlist domainend { done(); }
		;

limitlist	: limititem
		| limitlist sep limititem
		;

limititem	: MESSAGES { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit {
			once(ONCE_SENDER_MESSAGES, "messages");
			set_number(&conf->limit_sender.messages, $3,
			    CONF_SENDER_MAX);
			conf->limit_sender.messages_span = $7;
			want = WANT_MORE;
		}
		| RECIPIENTS { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit {
			once(ONCE_SENDER_RECIPIENTS, "recipients");
			set_number(&conf->limit_sender.recipients, $3,
			    CONF_SENDER_MAX);
			conf->limit_sender.recipients_span = $7;
			want = WANT_MORE;
		}
		;

unit		: MINUTE		{ $$ = 60; want = WANT_MORE; }
		| HOUR			{ $$ = 3600; want = WANT_MORE; }
		| DAY			{ $$ = 86400; want = WANT_MORE; }
		;

sep		: nls
		| ',' nls0
		| nls ',' nls0
		;

nls		: '\n'
		| nls '\n'
		;

nls0		: /* empty */
		| nls
		;

%%

static const struct {
	const char	*name;
	int		 value;
} keywords[] = {
	/* In alphabetical order. */
	{ "accept",			ACCEPT },
	{ "allow",			ALLOW },
	{ "alternates",			ALTERNATES },
	{ "and",			AND },
	{ "archive",			ARCHIVE },
	{ "authenticate",		AUTHENTICATE },
	{ "authentication-results",	RESULTS },
	{ "automatic",			AUTOMATIC },
	{ "bounce",			BOUNCE },
	{ "client",			CLIENT },
	{ "commands",			COMMANDS },
	{ "copies",			COPIES },
	{ "courier",			COURIER },
	{ "database",			DATABASE },
	{ "day",			DAY },
	{ "deny",			DENY },
	{ "domain",			DOMAIN },
	{ "from",			FROM },
	{ "handle",			HANDLE },
	{ "helpdesk",			HELPDESK },
	{ "hide",			HIDE },
	{ "hosts",			HOSTS },
	{ "hour",			HOUR },
	{ "identity",			IDENTITY },
	{ "ignore",			IGNORE },
	{ "include",			INCLUDE },
	{ "key",			KEY },
	{ "leak",			LEAK },
	{ "lifetime",			LIFETIME },
	{ "limit",			LIMIT },
	{ "mailbox",			MAILBOX },
	{ "messages",			MESSAGES },
	{ "minute",			MINUTE },
	{ "no",				NO },
	{ "none",			NONE },
	{ "or",				OR },
	{ "original",			ORIGINAL },
	{ "outbound",			OUTBOUND },
	{ "participants",		PARTICIPANTS },
	{ "pass",			PASS },
	{ "per",			PER },
	{ "port",			PORT },
	{ "recipients",			RECIPIENTS },
	{ "refuse",			REFUSE },
	{ "replies",			REPLIES },
	{ "require",			REQUIRE },
	{ "required",			REQUIRED },
	{ "retain",			RETAIN },
	{ "sandbox",			SANDBOX },
	{ "scrub",			SCRUB },
	{ "sender",			SENDER },
	{ "signature",			SIGNATURE },
	{ "spam",			SPAM },
	{ "spool",			SPOOL },
	{ "tls",			TLS },
	{ "trust",			TRUST },
	{ "verify",			VERIFY },
	{ "worker",			WORKER },
	{ "yes",			YES }
};

static int
keyword(const char *word)
{
	size_t	 low = 0, high = sizeof(keywords) / sizeof(keywords[0]), i;
	int	 cmp;

	while (low < high) {
		i = (low + high) / 2;
		if ((cmp = strcmp(word, keywords[i].name)) == 0)
			return keywords[i].value;
		if (cmp < 0)
			high = i;
		else
			low = i + 1;
	}
	return STRING;
}

int
yylex(void)
{
	token = conflex_next(lex, &text);
	yylval.string = text;
	switch (token) {
	case CONFLEX_BAD:
		return BAD;
	case CONFLEX_STRING:
		return STRING;
	case CONFLEX_MACRO:
		plain = 1;
		return MACRO;
	case CONFLEX_WORD:
		return plain ? STRING : keyword(text);
	case '\n':
		plain = 0;
		break;
	}
	return token;
}

int
yyerror(const char *what)
{
	char	 found[128];

	if (token == CONFLEX_EOF && block != 0)
		conflex_error(lex, 0, "the file ends here, expected '}' for "
		    "the block that line %d opens", block);
	else if (strncmp(what, "syntax error", 12) != 0)
		conflex_error(lex, 0, "%s", what);
	else if (token != CONFLEX_BAD) {
		if (token == CONFLEX_EOF)
			(void)strlcpy(found, "the file ends here",
			    sizeof(found));
		else if (token == '\n')
			(void)strlcpy(found, "the line ends here",
			    sizeof(found));
		else if (text != NULL)
			(void)snprintf(found, sizeof(found), "unexpected "
			    "\"%.64s\"", text);
		else
			(void)snprintf(found, sizeof(found),
			    "unexpected '%c'", token);
		conflex_error(lex, 0, "%s, expected %s", found, want);
	}
	conflex_skip(lex, block != 0);
	return 0;
}

static void
done(void)
{
	want = block != 0 ? WANT_END_BLOCK : WANT_END;
}

/* Reports a line that stands for the second time. */
static void
once(enum once which, const char *word)
{
	if (once_line[which] != 0)
		conflex_error(lex, 0, "\"%s\" stands here for the second "
		    "time, first on line %d", word, once_line[which]);
	else
		once_line[which] = conflex_line(lex);
	/* After "signature" more may follow; what may is known by then. */
	if (which != ONCE_AUTHENTICATE)
		done();
}

static void
keep(char **where, const char *value)
{
	free(*where);
	if ((*where = strdup(value)) == NULL)
		failed = 1;
}

static void
set_path(char **where, const char *word, const char *path)
{
	if (path[0] != '/' || path[1] == '\0' ||
	    path[strlen(path) - 1] == '/')
		conflex_error(lex, 0, "%s \"%s\", expected the path of a file "
		    "from / on", word, path);
	else if (strlen(path) > CONF_PATH_MAX)
		conflex_error(lex, 0, "%s \"%.64s...\", expected a path of at "
		    "most %d bytes", word, path, CONF_PATH_MAX);
	keep(where, path);
}

static void
set_duration(int64_t *where, const char *value)
{
	int64_t	 n;

	if (conf_duration(value, &n) == -1)
		conflex_error(lex, 0, "\"%s\", expected " WANT_DURATION,
		    value);
	else if (n < CONF_LIFETIME_MIN || n > CONF_LIFETIME_MAX)
		conflex_error(lex, 0, "\"%s\" is out of range, expected %d "
		    "seconds to %d days", value, CONF_LIFETIME_MIN,
		    (int)(CONF_LIFETIME_MAX / 86400));
	else
		*where = n;
}

static void
set_number(unsigned int *where, const char *value, unsigned int max)
{
	const char	*bad;
	long long	 n;

	n = strtonum(value, 1, max, &bad);
	if (bad != NULL)
		conflex_error(lex, 0, "\"%s\", expected a number from 1 to "
		    "%u", value, max);
	else
		*where = (unsigned int)n;
}

static void
set_spool(const char *value)
{
	if (conf_size(value, &conf->spool) == -1 ||
	    conf->spool > CONF_SPOOL_MAX) {
		conflex_error(lex, 0, "\"%s\", expected a size such as 200M",
		    value);
		conf->spool = CONF_SPOOL;
	}
}

/* A domain in lower case into `buf'.  Returns 0, or -1 after a report. */
static int
get_domain(const char *value, char *buf, size_t size)
{
	size_t	 i;

	if (!hostport_is_domain(value) || strlcpy(buf, value, size) >= size) {
		conflex_error(lex, 0, "\"%.128s\", expected a domain such as "
		    "\"company.example\"", value);
		return -1;
	}
	for (i = 0; buf[i] != '\0'; i++)
		buf[i] = (char)tolower((unsigned char)buf[i]);
	return 0;
}

static void
set_bounce(const char *value)
{
	char	 name[CONF_DOMAIN_MAX + 1];

	if (get_domain(value, name, sizeof(name)) == 0)
		keep(&conf->bounce_domain, name);
}

/* Adds to the list unless it is there or the list is full. */
static void
add(const char *what, const char *value)
{
	size_t	 i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->item[i], value) == 0) {
			conflex_error(lex, 0, "%s \"%s\" stands here for the "
			    "second time", what, value);
			return;
		}
	if (list->count >= CONF_LIST_MAX)
		conflex_error(lex, 0, "%s \"%s\" is one too many, expected at "
		    "most %d", what, value, CONF_LIST_MAX);
	else if (conf_list_add(list, value) == -1)
		failed = 1;
}

static void
add_domain(const char *value)
{
	char	 name[CONF_DOMAIN_MAX + 1];

	list = &conf->domains;
	if (get_domain(value, name, sizeof(name)) == 0)
		add("domain", name);
}

static void
add_login(const char *value)
{
	list = &conf->replies.helpdesk;
	if (value[0] == '\0' || strlen(value) > CONF_LOGIN_MAX)
		conflex_error(lex, 0, "\"%.64s\", expected a login of 1 to %d "
		    "bytes", value, CONF_LOGIN_MAX);
	else
		add("login", value);
}

static void
add_host(const char *value)
{
	struct hostport	 hp;
	char		 why[HOSTPORT_WHY], server[HOSTPORT_TEXT_MAX + 1];

	list = &conf->outbound.hosts;
	if (hostport_parse(value, 0, &hp, why, sizeof(why)) == -1 ||
	    hostport_format(&hp, server, sizeof(server)) == -1)
		conflex_error(lex, 0, "\"%.128s\": %s, expected a server "
		    "such as \"smtp.partner.example:587\"", value, why);
	else
		add("server", server);
}

/*
 * smtpd gives the courier's password to whoever listens there.  Of an IPv6
 * address in brackets it makes a name that no certificate can have.
 */
static void
set_courier(const char *address, const char *port)
{
	char	 canonical[HOSTPORT_HOST_MAX + 1];

	if (hostport_loopback(address, canonical, sizeof(canonical)) == -1) {
		conflex_error(lex, 0, "\"%.64s\", expected an address of this "
		    "machine alone: 127.0.0.1 or another of 127.0.0.0/8",
		    address);
		return;
	}
	keep(&conf->outbound.courier, canonical);
	set_number(&conf->outbound.courier_port, port, 65535);
}

static void
define(const char *name, const char *value)
{
	size_t	 i;

	for (i = 0; name[i] != '\0'; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_') {
			conflex_error(lex, 0, "\"%.64s\", expected letters, "
			    "digits and '_' in the name of a macro", name);
			return;
		}
	if (conflex_define(lex, name, value) == -1)
		failed = 1;
}

struct conf *
conf_parse(const char *name, const char *buf, size_t len,
    struct conf_errors *errs)
{
	struct conf	*result;
	size_t		 before = errs->count + errs->dropped;

	errors = errs;
	plain = block = failed = 0;
	memset(once_line, 0, sizeof(once_line));
	want = WANT_LINE;
	conf = conf_new();
	lex = conflex_new(name, buf, len, errors);
	if (conf == NULL || lex == NULL)
		failed = 1;
	else {
		(void)yyparse();
		if (conf_finish(conf, name, conflex_line(lex), errors) == -1)
			failed = 1;
	}
	if (failed)
		conf_error(errors, name, 0, "no memory");
	conflex_free(lex);
	lex = NULL;
	if (errors->count + errors->dropped != before) {
		conf_free(conf);
		conf = NULL;
	}
	result = conf;
	conf = NULL;
	return result;
}
