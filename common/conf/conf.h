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

/* relay.conf(5): what root decides.  Read once, at start, by every program. */

#ifndef CONF_H
#define CONF_H

#include <stdint.h>
#include <stdio.h>

#include "base/compat.h"
#include "base/netlist.h"
#include "conf/dnslistname.h"

#define CONF_PATH		"/etc/mail/relay.conf"
#define CONF_KEY		"/etc/mail/relay.key"
#ifdef __linux__
#define CONF_DATABASE		"/var/lib/smtprelay/relay.db"
#else
#define CONF_DATABASE		"/var/db/smtprelay/relay.db"
#endif

/* Limits of ours. */
#define CONF_FILE_MAX		(1024 * 1024)	/* bytes of one file */
#define CONF_PATH_MAX		1000		/* bytes of database and key */
#define CONF_ERRORS_MAX		100		/* errors kept */
#define CONF_DOMAIN_MAX		253		/* bytes, RFC 1035 2.3.4 */
#define CONF_LOGIN_MAX		255		/* bytes of a login's name */
#define CONF_LIST_MAX		1000		/* names in one list */
#define CONF_PARTICIPANTS_MAX	200
#define CONF_MESSAGES_MAX	1000000		/* per hour */
#define CONF_SENDER_MAX		1000000		/* messages or recipients */
#define CONF_GATES_MAX		100
#define CONF_GATE_NAME_MAX	64		/* bytes */
#define CONF_REQUIRE_MAX	32		/* requirements of one gate */
#define CONF_HEADER_MAX		1000		/* bytes of a value */
#define CONF_LIFETIME_MIN	60		/* seconds */
#define CONF_LIFETIME_MAX	(INT64_C(20) * 365 * 86400)

/* What a reply must show before it leaves as the mailbox's. */
enum conf_authenticate {
	CONF_AUTH_SIGNATURE,
	CONF_AUTH_SENDER,
	CONF_AUTH_EITHER,
	CONF_AUTH_BOTH,
	CONF_AUTH_NONE
};

enum conf_from {			/* From of a reply */
	CONF_FROM_MAILBOX,
	CONF_FROM_WORKER
};

enum conf_copies {			/* From of a copy */
	CONF_COPIES_MAILBOX,
	CONF_COPIES_ORIGINAL
};

enum conf_leak {
	CONF_LEAK_SCRUB,
	CONF_LEAK_REFUSE,
	CONF_LEAK_PASS
};

enum conf_spam {
	CONF_SPAM_ARCHIVE,
	CONF_SPAM_REFUSE,
	CONF_SPAM_PASS
};

struct listfiles;		/* listfile.h */

struct conf_list {
	char	**item;		/* `count' strings, no NULL at the end */
	size_t	  count;
};

struct conf_replies {
	int			 present;	/* the block stands there */
	enum conf_authenticate	 authenticate;
	int			 trust_results;	/* Authentication-Results */
	enum conf_from		 from;
	enum conf_copies	 copies;
	int64_t			 signature_lifetime;	/* seconds */
	int64_t			 handle_lifetime;	/* seconds */
	int64_t			 retain;		/* seconds */
	int			 automatic_pass;	/* else refuse */
	enum conf_leak		 leak;
	int			 commands_accept;	/* else ignore */
	int			 start_allow;		/* else refuse */
	unsigned int		 participants;
	unsigned int		 messages_per_hour;	/* to one mailbox */
	enum conf_spam		 spam;
	struct conf_list	 helpdesk;	/* logins, as typed */
};

/* How a server to which mail leaves must show who it is. */
enum conf_tls {
	CONF_TLS_VERIFY,	/* a certificate for its name, of a known CA */
	CONF_TLS_REQUIRE	/* encrypted, whoever it is */
};

#define CONF_COURIER_ADDRESS	"127.0.0.1"
#define CONF_COURIER_PORT	10587
#define CONF_COURIER_KEY	"courier.key"	/* its private key, and */
#define CONF_COURIER_CERT	"courier.crt"	/* its certificate */

#define CONF_SPOOL		((int64_t)200 * 1024 * 1024)
#define CONF_SPOOL_MAX		((int64_t)1024 * 1024 * 1024 * 1024)

struct conf_outbound {
	int			 present;	/* the block stands there */
	int			 alternates;	/* allowed, else denied */
	struct conf_list	 hosts;		/* "host:port", lower case,
						 * IPv6 in brackets */
	enum conf_tls		 tls;
	char			*courier;	/* of 127.0.0.0/8 */
	unsigned int		 courier_port;
	int			 verify_identity;
	int			 hide_client;
};

/* So many in any `span' seconds for one user; 0: no limit. */
struct conf_limit {
	unsigned int		 messages;
	int64_t			 messages_span;
	unsigned int		 recipients;
	int64_t			 recipients_span;
};

/* What a gate asks of a message. */
enum conf_need {
	CONF_NEED_TLS,
	CONF_NEED_SENDER,	/* domain of the envelope's sender and From */
	CONF_NEED_HEADER,
	CONF_NEED_DKIM,
	CONF_NEED_ALIGNED,	/* DKIM, aligned with From */
	CONF_NEED_SPF,
	CONF_NEED_DMARC,
	CONF_NEED_UNLISTED	/* by a DNS list */
};

struct conf_require {
	enum conf_need		 need;
	int			 tls;		/* TLS 1.x at least: x */
	int			 own;		/* a domain of ours */
	struct conf_list	 domains;	/* or one of these */
	char			*text;		/* name of header or list */
	char			*value;		/* of the header */
	struct dnslist		 list;
};

enum conf_who {			/* of which logins a gate is */
	CONF_WHO_ANYBODY,	/* with or without */
	CONF_WHO_SOMEBODY,	/* with one */
	CONF_WHO_NOBODY,	/* without */
	CONF_WHO_LISTED
};

enum conf_return_path {		/* what becomes of the envelope's sender */
	CONF_RETURN_KEEP,
	CONF_RETURN_STRIP,	/* a VERP form: the address inside */
	CONF_RETURN_WRAP	/* a return path of ours */
};

enum conf_otherwise {		/* with what does not fulfil it */
	CONF_OTHERWISE_REJECT,
	CONF_OTHERWISE_TEMPFAIL,
	CONF_OTHERWISE_JUNK,
	CONF_OTHERWISE_REPORT
};

/* What is empty or 0 among the conditions is none. */
struct conf_gate {
	char			*name;
	int			 local;		/* smtpd's socket */
	struct conf_list	 sources;	/* networks, as written */
	struct netlist		 nets;		/* the same, to be matched */
	const struct listfile	**file;		/* of networks; conf's lists */
	size_t			 nfiles;
	struct conf_list	 listeners;	/* ADDR:PORT, or *:PORT */
	enum conf_who		 who;
	struct conf_list	 users;
	int			 own;		/* sender domain own */
	struct conf_list	 domains;	/* of the sender, lower case */
	struct conf_require	*require;
	size_t			 nrequire;
	struct conf_limit	 limit;		/* all that passes */
	struct conf_limit	 limit_sender;	/* each sender's */
	enum conf_return_path	 return_path;
	enum conf_otherwise	 otherwise;
};

/* The blocks `handoff': who handed a message to the first trusted relay. */
#define CONF_HANDOFF_MAX		64	/* blocks */
#define CONF_HANDOFF_NAME_MAX	64	/* bytes of a name or a symbol */
#define CONF_HANDOFF_COUNT_MAX	50	/* fields; a loop has more */
#define CONF_HANDOFF_PRIORITY	1	/* unless it is given */
#define CONF_HANDOFF_PRIORITY_MAX 1000

/* What makes a host trusted. */
enum conf_strategy {
	CONF_STRATEGY_NONE,		/* the block has none yet */
	CONF_STRATEGY_COUNT,
	CONF_STRATEGY_LOCAL,
	CONF_STRATEGY_AUTHENTICATED,
	CONF_STRATEGY_HOSTNAMES,
	CONF_STRATEGY_ADDRESSES
};

struct conf_handoff {
	char			*name;
	char			*symbol;	/* the name unless given */
	enum conf_strategy	 strategy;
	unsigned int		 count;		/* from 2 */
	const struct listfile	*file;		/* users, names, addresses;
						 * NULL: any user */
	struct netlist		 when;		/* sources; empty: any */
	unsigned int		 priority;
};

struct conf {
	char			*path;		/* the file, as it was given */
	char			*database;	/* absolute */
	char			*key;		/* absolute */
	struct conf_list	 domains;	/* ours, lower case */
	char			*bounce_domain;	/* lower case; NULL for none */
	int			 bounce_added;	/* only its line names it */
	int			 sandbox_required;
	int64_t			 spool;		/* bytes */
	struct conf_replies	 replies;
	struct conf_outbound	 outbound;
	struct conf_limit	 limit_sender;
	struct conf_handoff	*handoff;	/* as they are asked */
	size_t			 nhandoffs;
	struct listfiles	*lists;		/* files of lists; empty until
						 * conf_load_lists() */
	struct conf_gate	*gate;		/* in their order */
	size_t			 ngates;
};

/* What was wrong, a message each, "FILE:LINE: what". */
struct conf_errors {
	char	**message;
	size_t	  count;
	size_t	  dropped;		/* more than CONF_ERRORS_MAX */
};

/*
 * Reads the file at `path' and what it includes.  Returns the configuration,
 * to be freed with conf_free(), or NULL when there was any mistake, each of
 * which is then in `errors', which the caller frees with conf_errors_free()
 * in either case.  Never exits and writes nothing.  The files must belong
 * to root or to the caller and be writable by no group and nobody else.
 */
struct conf	*conf_load(const char *path, struct conf_errors *errors);

/*
 * The same for a program that starts: mistakes go to the log, one a line,
 * and warnings too with `warn'.
 */
struct conf	*conf_load_log(const char *path, int warn);

/* The same for text in memory; `name' is for messages and includes. */
struct conf	*conf_parse(const char *name, const char *text, size_t len,
		    struct conf_errors *errors);

/*
 * Reads the files of lists that the configuration names.  Returns 0, or -1
 * when there was any mistake, which is in `errors' as above.
 */
int		 conf_load_lists(struct conf *, struct conf_errors *errors);

/* The same for a program that starts: mistakes go to the log. */
int		 conf_load_lists_log(struct conf *);

/* A configuration of defaults only; NULL without memory. */
struct conf	*conf_new(void);

/*
 * Checks what only the whole shows and completes it with defaults: a missing
 * `domain' is reported for line `line' of `name'.  Returns 0, or -1 without
 * memory.
 */
int		 conf_finish(struct conf *, const char *name, int line,
		    struct conf_errors *errors);

/* Adds a copy of `s' at the end.  Returns 0, or -1 without memory. */
int		 conf_list_add(struct conf_list *, const char *s);

/* Forgets the items; the list can be used again. */
void		 conf_list_free(struct conf_list *);

/*
 * Adds "FILE:LINE: what" to the messages (no line when it is 0, and no file
 * when it is NULL).
 */
void		 conf_error(struct conf_errors *, const char *file, int line,
		    const char *what);

/*
 * Reads a whole file that only its owner (root or the caller) may write.
 * Returns the text, to be freed, and its length in `*len'; or NULL and the
 * reason in `why', of `whysize' bytes.
 */
char		*conf_read(const char *path, size_t *len, char *why,
		    size_t whysize);

/*
 * The name, in `full' of `size' bytes, of a file that the file `base' calls
 * `path': relative to that one's directory.  0, or -1 when it does not fit.
 */
int		 conf_relative(const char *base, const char *path, char *full,
		    size_t size);

/* Frees; NULL is allowed. */
void		 conf_free(struct conf *);

/* Forgets the messages; the struct can be used again. */
void		 conf_errors_free(struct conf_errors *);

/*
 * What is allowed but worth a line in the log at every start, one sentence
 * for each call: returns sentence number `i' (from 0), NULL after the last.
 */
const char	*conf_warning(const struct conf *, size_t i);

/*
 * For -n of every program: reads `path' and its lists and writes their
 * mistakes, or else its warnings, to standard error; with `verbose' also the
 * configuration to standard output, in a form that parses again to the same.
 * Returns the exit status, 0 or 1.
 */
int		 conf_check(const char *path, int verbose);

/* Writes the configuration as relay.conf would say it.  Returns 0 or -1. */
int		 conf_print(const struct conf *, FILE *);

/* A requirement as relay.conf has it, such as "dkim pass aligned". */
void		 conf_require_text(const struct conf_require *, char *buf,
		    size_t size);

/* The word for `otherwise', such as "reject". */
const char	*conf_otherwise_name(enum conf_otherwise);

/* Whether `domain' (any case) is one of ours: 1 or 0. */
int		 conf_is_our_domain(const struct conf *, const char *domain);

/* The same for the domain of an address, behind its last '@': 1 or 0. */
int		 conf_is_our_address(const struct conf *, const char *address);

/*
 * The domain of return paths for mail of `mailbox', an address in lower
 * case.  Points into the configuration or into `mailbox'.
 */
const char	*conf_bounce_domain(const struct conf *, const char *mailbox);

/* Whether `login' (exactly) is one of helpdesk's: 1 or 0. */
int		 conf_is_helpdesk(const struct conf *, const char *login);

/*
 * Whether policy lets mail leave through this server: its name (any case) or
 * address, without brackets.  1 when `hosts' lists it or is missing, else 0.
 */
int		 conf_host_allowed(const struct conf *, const char *host,
		    unsigned int port);

/*
 * Writes the path of a file that lies beside the key file, such as
 * CONF_COURIER_KEY.  Returns 0, or -1 when it does not fit.
 */
int		 conf_beside(const struct conf *, const char *name, char *buf,
		    size_t size);

/* "minute", "hour" or "day" for the span of a limit. */
const char	*conf_span_name(int64_t span);

/* The same for a sentence: "a minute", "an hour" or "a day". */
const char	*conf_span_words(int64_t span);

/* The words for `authenticate', such as "signature or sender". */
const char	*conf_authenticate_name(enum conf_authenticate);

/*
 * A number with a unit: s, m, h, d or w for seconds in `*seconds'; K, M or
 * G for bytes in `*bytes', which may also stand without one.  Return 0, or
 * -1 when `text' is no such thing or does not fit.
 */
int		 conf_duration(const char *text, int64_t *seconds);
int		 conf_size(const char *text, int64_t *bytes);

#endif
