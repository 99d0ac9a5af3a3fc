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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conflex.h"
#include "conf/confset.h"

int	yyparse(void);
int	yylex(void);
int	yyerror(const char *);

/* One file is read at a time, and nothing here survives conf_parse(). */
static struct conf		*conf;
static struct conflex		*lex;
static struct confset		 cs;		/* of these two */
static struct conf_errors	*errors;
/* Where the items of the list being read go. */
static void	(*add)(struct confset *, const char *);
static const char		*item;		/* what its items are */
static const char		*want;		/* what may stand next */
static const char		*text;		/* of the last token */
static int			 token;		/* the last one */
static int			 plain;		/* no keywords: macro's value */
static int			 block;		/* line of open block, or 0 */
static size_t			 mistakes;	/* when it opened */

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
	ONCE_START,
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
	ONCE_STRATEGY,
	ONCE_WHEN,
	ONCE_PRIORITY,
	ONCE_SYMBOL,
	ONCE_GATE,		/* from here on in each gate */
	ONCE_MATCH = ONCE_GATE,
	ONCE_REQUIRE,
	ONCE_GATE_LIMIT,
	ONCE_RETURN_PATH,
	ONCE_OTHERWISE,
	ONCE_MAX
};

static int	once_line[ONCE_MAX];

#define WANT_LINE	"database, key, domain, bounce, sandbox, spool, "   \
			"replies, outbound, limit, handoff, gate, include or " \
			"a macro (name = value)"
#define WANT_REPLIES	"authenticate, trust, from, copies, signature, "    \
			"handle, retain, automatic, leak, commands, start, " \
			"participants, messages, spam, helpdesk or '}'"
#define WANT_OUTBOUND	"alternates, hosts, tls, courier, verify, hide or '}'"
#define WANT_HANDOFF	"strategy, when, priority, symbol or '}'"
#define WANT_STRATEGY	"count, local, authenticated, hostnames or addresses"
#define WANT_FILE	"the path of a file"
#define WANT_GATE	"match, require, limit, return-path, otherwise or '}'"
#define WANT_MATCH	"source, listener, user or sender"
#define WANT_REQUIRE	"tls, sender, header, dkim, spf, dmarc or not"
#define WANT_LIMIT	"messages or recipients"
#define WANT_UNIT	"minute, hour or day"
#define WANT_END	"the end of the line"
#define WANT_END_BLOCK	"the end of the line or '}'"
#define WANT_MORE	"',', the end of the line or '}'"
#define WANT_DURATION	CONFSET_DURATION

static void	once(enum once, const char *);
static void	handoff(const char *);
static void	items(void (*)(struct confset *, const char *),
		    const char *);
static void	done(void);
%}

%union {
	const char	*string;
	int		 number;
}

%token	ACCEPT ADDRESSES ALLOW ALTERNATES AND ARCHIVE AUTHENTICATE
%token	AUTHENTICATED AUTOMATIC BOUNCE CLIENT COMMANDS COPIES COUNT COURIER
%token	DATABASE DAY DENY DOMAIN FROM HANDLE HANDOFF HELPDESK HIDE HOSTNAMES
%token	HOSTS HOUR IDENTITY IGNORE INCLUDE KEY LEAK LIFETIME LIMIT LOCAL
%token	MAILBOX MESSAGES MINUTE NO NONE OR ORIGINAL OUTBOUND PARTICIPANTS PASS
%token	PER PORT PRIORITY RECIPIENTS REFUSE REPLIES REQUIRE REQUIRED RESULTS
%token	RETAIN SANDBOX SCRUB SENDER SIGNATURE SOURCE SPAM SPOOL START STRATEGY
%token	SYMBOL TLS TRUST USERS VERIFY WHEN WORKER YES BAD
%token	ALIGNED ANY DKIM DMARC GATE HEADER JUNK KEEP LISTED LISTENER LISTFILE
%token	MATCH NOT OTHERWISE OWN REJECT REPORT RETURNPATH SPF STRIP
%token	TEMPFAIL USER VERP WRAP
%token	<string> STRING MACRO
%type	<string> values
%type	<number> authenticate from copies automatic leak commands spam
%type	<number> alternates start tls yesno unit kept otherwise sender

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
		| handoff
		| gate
		;

include		: INCLUDE { want = "the name of a file"; } STRING {
			done();
			(void)conflex_include(lex, $3);
		}
		;

macro		: MACRO { want = "'='"; } '=' { want = "a value"; } values {
			confset_macro(&cs, $1, $5);
		}
		;

values		: STRING			{ $$ = $1; done(); }
		| values STRING	{
			if (($$ = conflex_join(lex, $1, $2)) == NULL) {
				cs.failed = 1;
				YYABORT;
			}
		}
		;

database	: DATABASE { want = "the path of a file"; } STRING {
			once(ONCE_DATABASE, "database");
			confset_path(&cs, &conf->database, "database", $3);
		}
		;

key		: KEY { want = "the path of a file"; } STRING {
			once(ONCE_KEY, "key");
			confset_path(&cs, &conf->key, "key", $3);
		}
		;

domain		: DOMAIN {
			want = "a domain or '{'";
			items(confset_domain, "a domain");
		} list { done(); }
		;

list		: STRING			{ add(&cs, $1); }
		| '{' { want = item; } nls0 listitems listend
		;

listitems	: listitem
		| listitems sep listitem
		;

listitem	: STRING			{
			add(&cs, $1);
			want = WANT_MORE;
		}
		;

listend		: '}'
		| sep '}'
		;

bounce		: BOUNCE { want = "domain"; } DOMAIN { want = "a domain"; }
		    STRING {
			once(ONCE_BOUNCE, "bounce domain");
			confset_bounce(&cs, $5);
		}
		;

sandbox		: SANDBOX { want = "required"; } REQUIRED {
			once(ONCE_SANDBOX, "sandbox");
			conf->sandbox_required = 1;
		}
		;

spool		: SPOOL { want = "a size such as 200M"; } STRING {
			once(ONCE_SPOOL, "spool");
			confset_spool(&cs, $3);
		}
		;

replies		: REPLIES { want = "'{'"; } '{' {
			conf->replies.present = 1;
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
			confset_duration(&cs,
			    &conf->replies.signature_lifetime, $5);
		}
		| HANDLE { want = "lifetime"; } LIFETIME {
			want = WANT_DURATION;
		} STRING {
			once(ONCE_HANDLE, "handle lifetime");
			confset_duration(&cs,
			    &conf->replies.handle_lifetime, $5);
		}
		| RETAIN { want = WANT_DURATION; } STRING {
			once(ONCE_RETAIN, "retain");
			confset_duration(&cs, &conf->replies.retain, $3);
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
		| START { want = "allow or refuse"; } start {
			once(ONCE_START, "start");
			conf->replies.start_allow = $3;
		}
		| PARTICIPANTS { want = "a number"; } STRING {
			once(ONCE_PARTICIPANTS, "participants");
			confset_number(&cs, &conf->replies.participants, $3,
			    CONF_PARTICIPANTS_MAX);
		}
		| MESSAGES { want = "a number"; } STRING { want = "per hour"; }
		    PER { want = "hour"; } HOUR {
			once(ONCE_MESSAGES, "messages");
			confset_number(&cs,
			    &conf->replies.messages_per_hour, $3,
			    CONF_MESSAGES_MAX);
		}
		| SPAM { want = "archive, refuse or pass"; } spam {
			once(ONCE_SPAM, "spam");
			conf->replies.spam = $3;
		}
		| HELPDESK {
			want = "a login or '{'";
			items(confset_login, "a login");
		} list { done(); }
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

start		: ALLOW			{ $$ = 1; done(); }
		| REFUSE		{ $$ = 0; done(); }
		;

spam		: ARCHIVE		{ $$ = CONF_SPAM_ARCHIVE; done(); }
		| REFUSE		{ $$ = CONF_SPAM_REFUSE; done(); }
		| PASS			{ $$ = CONF_SPAM_PASS; done(); }
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
			    "\"smtp.partner.example:587\", or '{'";
			items(confset_host, "a server");
		} list { done(); }
		| TLS { want = "verify or require"; } tls {
			once(ONCE_TLS, "tls");
			conf->outbound.tls = $3;
		}
		| COURIER { want = "an address"; } STRING { want = "port"; }
		    PORT { want = "a number"; } STRING {
			once(ONCE_COURIER, "courier");
			confset_courier(&cs, $3, $7);
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

limit		: LIMIT { want = "sender"; } SENDER { want = "'{'"; } '{' {
			want = WANT_LIMIT;
		} nls0 limitlist listend { done(); }
		;

limitlist	: limititem
		| limitlist sep limititem
		;

limititem	: MESSAGES { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit {
			once(ONCE_SENDER_MESSAGES, "messages");
			confset_number(&cs, &conf->limit_sender.messages, $3,
			    CONF_SENDER_MAX);
			conf->limit_sender.messages_span = $7;
			want = WANT_MORE;
		}
		| RECIPIENTS { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit {
			once(ONCE_SENDER_RECIPIENTS, "recipients");
			confset_number(&cs, &conf->limit_sender.recipients, $3,
			    CONF_SENDER_MAX);
			conf->limit_sender.recipients_span = $7;
			want = WANT_MORE;
		}
		;

handoff		: HANDOFF { want = "a name"; } STRING { want = "'{'"; } '{' {
			block = conflex_line(lex);
			handoff($3);
		} handopts handlast '}' {
			confhandoff_end(&cs, errors->count > mistakes ? 0 :
			    block);
			block = 0;
			done();
		}
		;

handopts	: /* empty */
		| handopts handopt '\n'		{ want = WANT_HANDOFF; }
		| handopts '\n'			{ want = WANT_HANDOFF; }
		| handopts error '\n'		{
			want = WANT_HANDOFF;
			yyerrok;
		}
		;

handlast	: /* empty */
		| handopt
		;

handopt		: STRATEGY { want = WANT_STRATEGY; } strategy {
			once(ONCE_STRATEGY, "strategy");
		}
		| WHEN { want = "'{'"; } '{' { want = "source"; } nls0 SOURCE {
			want = "a network or '{'";
			items(confhandoff_source, "a network");
		} list { want = "'}'"; } nls0 '}' { once(ONCE_WHEN, "when"); }
		| PRIORITY { want = "a number"; } STRING {
			once(ONCE_PRIORITY, "priority");
			confhandoff_priority(&cs, $3);
		}
		| SYMBOL { want = "a name"; } STRING {
			once(ONCE_SYMBOL, "symbol");
			confhandoff_symbol(&cs, $3);
		}
		;

strategy	: COUNT { want = "a number"; } STRING {
			confhandoff_strategy(&cs, CONF_STRATEGY_COUNT, $3);
		}
		| LOCAL {
			confhandoff_strategy(&cs, CONF_STRATEGY_LOCAL, NULL);
		}
		| AUTHENTICATED {
			confhandoff_strategy(&cs, CONF_STRATEGY_AUTHENTICATED,
			    NULL);
			want = "users, " WANT_END_BLOCK;
		} users
		| HOSTNAMES { want = WANT_FILE; } STRING {
			confhandoff_strategy(&cs, CONF_STRATEGY_HOSTNAMES, $3);
		}
		| ADDRESSES { want = WANT_FILE; } STRING {
			confhandoff_strategy(&cs, CONF_STRATEGY_ADDRESSES, $3);
		}
		;

users		: /* empty */
		| USERS { want = WANT_FILE; } STRING {
			confhandoff_strategy(&cs, CONF_STRATEGY_AUTHENTICATED,
			    $3);
		}
		;

unit		: MINUTE		{ $$ = 60; want = WANT_MORE; }
		| HOUR			{ $$ = 3600; want = WANT_MORE; }
		| DAY			{ $$ = 86400; want = WANT_MORE; }
		;

gate		: GATE { want = "the name of a gate"; } STRING {
			want = "'{'";
		} '{' {
			memset(once_line + ONCE_GATE, 0,
			    sizeof(once_line) - ONCE_GATE * sizeof(int));
			mistakes = errors->count + errors->dropped;
			confgate_begin(&cs, $3);
			if (cs.failed)
				YYABORT;
			block = conflex_line(lex);
			want = WANT_GATE;
		} gateopts gatelast '}' {
			block = 0;
			if (errors->count + errors->dropped == mistakes)
				confgate_end(&cs);
			done();
		}
		;

gateopts	: /* empty */
		| gateopts gateopt '\n'		{ want = WANT_GATE; }
		| gateopts '\n'			{ want = WANT_GATE; }
		| gateopts error '\n'		{
			want = WANT_GATE;
			yyerrok;
		}
		;

gatelast	: /* empty */
		| gateopt
		;

gateopt		: MATCH { want = "'{'"; } '{' { want = WANT_MATCH; } nls0
		    matchlist listend { once(ONCE_MATCH, "match"); }
		| REQUIRE { want = "'{'"; } '{' { want = WANT_REQUIRE; } nls0
		    needlist listend { once(ONCE_REQUIRE, "require"); }
		| LIMIT { want = "'{'"; } '{' { want = WANT_LIMIT; } nls0
		    quotalist listend { once(ONCE_GATE_LIMIT, "limit"); }
		| RETURNPATH { want = "strip, wrap or keep"; } kept {
			once(ONCE_RETURN_PATH, "return-path");
			confgate_return_path(&cs, $3);
		}
		| OTHERWISE { want = "reject, tempfail, junk or report"; }
		    otherwise {
			once(ONCE_OTHERWISE, "otherwise");
			confgate_otherwise(&cs, $3);
		}
		;

kept		: STRIP { want = "verp"; } VERP { $$ = CONF_RETURN_STRIP; }
		| WRAP			{ $$ = CONF_RETURN_WRAP; }
		| KEEP			{ $$ = CONF_RETURN_KEEP; }
		;

otherwise	: REJECT		{ $$ = CONF_OTHERWISE_REJECT; }
		| TEMPFAIL		{ $$ = CONF_OTHERWISE_TEMPFAIL; }
		| JUNK			{ $$ = CONF_OTHERWISE_JUNK; }
		| REPORT		{ $$ = CONF_OTHERWISE_REPORT; }
		;

matchlist	: matchitem			{ want = WANT_MORE; }
		| matchlist sep matchitem	{ want = WANT_MORE; }
		;

matchitem	: SOURCE { want = "a network, file, local or '{'"; } sources
		| LISTENER {
			want = "a listener such as 192.0.2.1:25, or '{'";
			items(confgate_listener, "a listener");
		} list
		| USER {
			want = "a login, any, none or '{'";
			items(confgate_user, "a login");
		} user
		| SENDER { want = "domain"; } DOMAIN {
			want = "own, a domain or '{'";
			items(confgate_domain, "a domain");
		} domains
		;

user		: ANY		{ confgate_who(&cs, CONF_WHO_SOMEBODY); }
		| NONE		{ confgate_who(&cs, CONF_WHO_NOBODY); }
		| list
		;

domains		: OWN				{ confgate_own(&cs); }
		| list
		;

sources		: source
		| '{' { want = "a network, file or local"; } nls0 sourcelist
		    listend
		;

sourcelist	: source			{ want = WANT_MORE; }
		| sourcelist sep source		{ want = WANT_MORE; }
		;

source		: STRING			{ confgate_source(&cs, $1); }
		| LOCAL				{ confgate_local(&cs); }
		| LISTFILE { want = WANT_FILE; } STRING {
			confgate_file(&cs, $3);
		}
		;

needlist	: needitem			{ want = WANT_MORE; }
		| needlist sep needitem		{ want = WANT_MORE; }
		;

needitem	: TLS {
			want = "a version such as 1.2, " WANT_MORE;
			confgate_need(&cs, CONF_NEED_TLS);
		} version
		| SENDER { want = "domain"; } DOMAIN {
			want = "own, a domain or '{'";
			confgate_need(&cs, CONF_NEED_SENDER);
			items(confgate_need_domain, "a domain");
		} needdomains
		| HEADER { want = "the name of a header"; } STRING {
			want = "its value";
		} STRING {
			confgate_need(&cs, CONF_NEED_HEADER);
			confgate_header(&cs, $3, $5);
		}
		| DKIM { want = "pass"; } PASS {
			want = "aligned, " WANT_MORE;
		} aligned
		| SPF { want = "pass"; } PASS {
			confgate_need(&cs, CONF_NEED_SPF);
		}
		| DMARC { want = "pass"; } PASS {
			confgate_need(&cs, CONF_NEED_DMARC);
		}
		| NOT { want = "listed"; } LISTED {
			want = "a DNS list or '{'";
			items(confgate_list, "a DNS list");
		} list
		;

version		: /* empty */
		| STRING			{ confgate_tls(&cs, $1); }
		;

needdomains	: OWN				{ confgate_need_own(&cs); }
		| list
		;

aligned		: /* empty */	{ confgate_need(&cs, CONF_NEED_DKIM); }
		| ALIGNED	{ confgate_need(&cs, CONF_NEED_ALIGNED); }
		;

quotalist	: quotaitem			{ want = WANT_MORE; }
		| quotalist sep quotaitem	{ want = WANT_MORE; }
		;

quotaitem	: MESSAGES { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit sender {
			confgate_limit(&cs, 0, $3, $7, $8);
		}
		| RECIPIENTS { want = "a number"; } STRING { want = "per"; }
		    PER { want = WANT_UNIT; } unit sender {
			confgate_limit(&cs, 1, $3, $7, $8);
		}
		;

sender		: /* empty */			{ $$ = 0; }
		| PER { want = "sender"; } SENDER	{ $$ = 1; }
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
	{ "accept",			ACCEPT },
	{ "addresses",			ADDRESSES },
	{ "aligned",			ALIGNED },
	{ "allow",			ALLOW },
	{ "alternates",			ALTERNATES },
	{ "and",			AND },
	{ "any",			ANY },
	{ "archive",			ARCHIVE },
	{ "authenticate",		AUTHENTICATE },
	{ "authenticated",		AUTHENTICATED },
	{ "authentication-results",	RESULTS },
	{ "automatic",			AUTOMATIC },
	{ "bounce",			BOUNCE },
	{ "client",			CLIENT },
	{ "commands",			COMMANDS },
	{ "copies",			COPIES },
	{ "count",			COUNT },
	{ "courier",			COURIER },
	{ "database",			DATABASE },
	{ "day",			DAY },
	{ "deny",			DENY },
	{ "dkim",			DKIM },
	{ "dmarc",			DMARC },
	{ "domain",			DOMAIN },
	{ "file",			LISTFILE },
	{ "from",			FROM },
	{ "gate",			GATE },
	{ "handle",			HANDLE },
	{ "handoff",			HANDOFF },
	{ "header",			HEADER },
	{ "helpdesk",			HELPDESK },
	{ "hide",			HIDE },
	{ "hostnames",			HOSTNAMES },
	{ "hosts",			HOSTS },
	{ "hour",			HOUR },
	{ "identity",			IDENTITY },
	{ "ignore",			IGNORE },
	{ "include",			INCLUDE },
	{ "junk",			JUNK },
	{ "keep",			KEEP },
	{ "key",			KEY },
	{ "leak",			LEAK },
	{ "lifetime",			LIFETIME },
	{ "limit",			LIMIT },
	{ "listed",			LISTED },
	{ "listener",			LISTENER },
	{ "local",			LOCAL },
	{ "mailbox",			MAILBOX },
	{ "match",			MATCH },
	{ "messages",			MESSAGES },
	{ "minute",			MINUTE },
	{ "no",				NO },
	{ "none",			NONE },
	{ "not",			NOT },
	{ "or",				OR },
	{ "original",			ORIGINAL },
	{ "otherwise",			OTHERWISE },
	{ "outbound",			OUTBOUND },
	{ "own",			OWN },
	{ "participants",		PARTICIPANTS },
	{ "pass",			PASS },
	{ "per",			PER },
	{ "port",			PORT },
	{ "priority",			PRIORITY },
	{ "recipients",			RECIPIENTS },
	{ "refuse",			REFUSE },
	{ "reject",			REJECT },
	{ "replies",			REPLIES },
	{ "report",			REPORT },
	{ "require",			REQUIRE },
	{ "required",			REQUIRED },
	{ "retain",			RETAIN },
	{ "return-path",		RETURNPATH },
	{ "sandbox",			SANDBOX },
	{ "scrub",			SCRUB },
	{ "sender",			SENDER },
	{ "signature",			SIGNATURE },
	{ "source",			SOURCE },
	{ "spam",			SPAM },
	{ "spf",			SPF },
	{ "spool",			SPOOL },
	{ "start",			START },
	{ "strategy",			STRATEGY },
	{ "strip",			STRIP },
	{ "symbol",			SYMBOL },
	{ "tempfail",			TEMPFAIL },
	{ "tls",			TLS },
	{ "trust",			TRUST },
	{ "user",			USER },
	{ "users",			USERS },
	{ "verify",			VERIFY },
	{ "verp",			VERP },
	{ "when",			WHEN },
	{ "worker",			WORKER },
	{ "wrap",			WRAP },
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

/* A list comes next: where its items go, and what they are called. */
static void
items(void (*where)(struct confset *, const char *), const char *what)
{
	add = where;
	item = what;
}

/* A block of its own begins. */
static void
handoff(const char *name)
{
	once_line[ONCE_STRATEGY] = once_line[ONCE_WHEN] = 0;
	once_line[ONCE_PRIORITY] = once_line[ONCE_SYMBOL] = 0;
	mistakes = errors->count;
	confhandoff_begin(&cs, name);
	want = WANT_HANDOFF;
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

struct conf *
conf_parse(const char *name, const char *buf, size_t len,
    struct conf_errors *errs)
{
	struct conf	*result;
	size_t		 before = errs->count + errs->dropped;

	errors = errs;
	plain = block = 0;
	memset(once_line, 0, sizeof(once_line));
	want = WANT_LINE;
	conf = conf_new();
	lex = conflex_new(name, buf, len, errors);
	cs.conf = conf;
	cs.lex = lex;
	cs.failed = conf == NULL || lex == NULL;
	if (!cs.failed) {
		(void)yyparse();
		if (conf_finish(conf, name, conflex_line(lex), errors) == -1)
			cs.failed = 1;
	}
	if (cs.failed)
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
