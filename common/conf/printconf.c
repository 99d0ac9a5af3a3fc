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

#include <arpa/inet.h>
#include <netinet/in.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/listfile.h"

/* The gates of relay.conf(5) out of memory again. */

const char *
conf_otherwise_name(enum conf_otherwise otherwise)
{
	switch (otherwise) {
	case CONF_OTHERWISE_REJECT:
		return "reject";
	case CONF_OTHERWISE_TEMPFAIL:
		return "tempfail";
	case CONF_OTHERWISE_JUNK:
		return "junk";
	case CONF_OTHERWISE_REPORT:
		return "report";
	}
	return "?";
}

void
conf_require_text(const struct conf_require *r, char *buf, size_t size)
{
	switch (r->need) {
	case CONF_NEED_TLS:
		if (r->tls == 0)
			(void)strlcpy(buf, "tls", size);
		else
			(void)snprintf(buf, size, "tls 1.%d", r->tls);
		break;
	case CONF_NEED_SENDER:
		(void)snprintf(buf, size, "sender domain%s",
		    r->own ? " own" : "");
		break;
	case CONF_NEED_HEADER:
		(void)snprintf(buf, size, "header %s", r->text);
		break;
	case CONF_NEED_DKIM:
		(void)snprintf(buf, size, "dkim pass");
		break;
	case CONF_NEED_ALIGNED:
		(void)snprintf(buf, size, "dkim pass aligned");
		break;
	case CONF_NEED_SPF:
		(void)snprintf(buf, size, "spf pass");
		break;
	case CONF_NEED_DMARC:
		(void)snprintf(buf, size, "dmarc pass");
		break;
	case CONF_NEED_UNLISTED:
		(void)snprintf(buf, size, "not listed %s", r->list.name);
		break;
	}
}

static void
print_string(FILE *fp, const char *s)
{
	(void)fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			(void)fputc('\\', fp);
		(void)fputc(*s, fp);
	}
	(void)fputc('"', fp);
}

static void
print_list(FILE *fp, const char *indent, const char *word,
    const struct conf_list *list, size_t count)
{
	size_t	 i;

	(void)fprintf(fp, "%s%s {\n", indent, word);
	for (i = 0; i < count; i++) {
		(void)fprintf(fp, "%s\t", indent);
		print_string(fp, list->item[i]);
		(void)fprintf(fp, "%s\n", i + 1 < count ? "," : "");
	}
	(void)fprintf(fp, "%s}\n", indent);
}

/* Ends an item of a list in braces. */
static void
print_end(FILE *fp, size_t *left)
{
	(void)fprintf(fp, "%s\n", --*left > 0 ? "," : "");
}

static void
print_sources(FILE *fp, const struct conf_gate *g)
{
	size_t	 i, left = (g->local != 0) + g->sources.count + g->nfiles;

	(void)fprintf(fp, "\t\tsource {\n");
	if (g->local) {
		(void)fprintf(fp, "\t\t\tlocal");
		print_end(fp, &left);
	}
	for (i = 0; i < g->sources.count; i++) {
		(void)fprintf(fp, "\t\t\t%s", g->sources.item[i]);
		print_end(fp, &left);
	}
	for (i = 0; i < g->nfiles; i++) {
		(void)fprintf(fp, "\t\t\tfile ");
		print_string(fp, g->file[i]->path);
		print_end(fp, &left);
	}
	(void)fprintf(fp, "\t\t}\n");
}

static void
print_match(FILE *fp, const struct conf_gate *g)
{
	(void)fprintf(fp, "\tmatch {\n");
	if (g->local || g->sources.count != 0 || g->nfiles != 0)
		print_sources(fp, g);
	if (g->listeners.count != 0)
		print_list(fp, "\t\t", "listener", &g->listeners,
		    g->listeners.count);
	if (g->who == CONF_WHO_SOMEBODY)
		(void)fprintf(fp, "\t\tuser any\n");
	else if (g->who == CONF_WHO_NOBODY)
		(void)fprintf(fp, "\t\tuser none\n");
	else if (g->who == CONF_WHO_LISTED)
		print_list(fp, "\t\t", "user", &g->users,
		    g->users.count);
	if (g->own)
		(void)fprintf(fp, "\t\tsender domain own\n");
	if (g->domains.count != 0)
		print_list(fp, "\t\t", "sender domain", &g->domains,
		    g->domains.count);
	(void)fprintf(fp, "\t}\n");
}

static void
print_require(FILE *fp, const struct conf_gate *g)
{
	const struct conf_require	*r;
	char				 text[CONF_DOMAIN_MAX + 64];
	size_t				 left = g->nrequire;

	(void)fprintf(fp, "\trequire {\n");
	for (r = g->require; left > 0; r++) {
		conf_require_text(r, text, sizeof(text));
		if (r->need == CONF_NEED_SENDER && !r->own) {
			print_list(fp, "\t\t", text, &r->domains,
			    r->domains.count);
			left--;
			continue;
		}
		if (r->need == CONF_NEED_HEADER) {
			(void)fprintf(fp, "\t\theader ");
			print_string(fp, r->text);
			(void)fputc(' ', fp);
			print_string(fp, r->value);
		} else if (r->need == CONF_NEED_UNLISTED) {
			(void)fprintf(fp, "\t\tnot listed ");
			print_string(fp, r->text);
		} else
			(void)fprintf(fp, "\t\t%s", text);
		print_end(fp, &left);
	}
	(void)fprintf(fp, "\t}\n");
}

static void
print_limit(FILE *fp, const struct conf_limit *l, const char *sender)
{
	if (l->messages != 0)
		(void)fprintf(fp, "\t\tmessages %u per %s%s\n", l->messages,
		    conf_span_name(l->messages_span), sender);
	if (l->recipients != 0)
		(void)fprintf(fp, "\t\trecipients %u per %s%s\n",
		    l->recipients, conf_span_name(l->recipients_span), sender);
}

static void
print_gate(const struct conf_gate *g, FILE *fp)
{
	(void)fprintf(fp, "\ngate ");
	print_string(fp, g->name);
	(void)fprintf(fp, " {\n");
	print_match(fp, g);
	if (g->nrequire != 0)
		print_require(fp, g);
	if (g->limit.messages != 0 || g->limit.recipients != 0 ||
	    g->limit_sender.messages != 0 || g->limit_sender.recipients != 0) {
		(void)fprintf(fp, "\tlimit {\n");
		print_limit(fp, &g->limit, "");
		print_limit(fp, &g->limit_sender, " per sender");
		(void)fprintf(fp, "\t}\n");
	}
	(void)fprintf(fp, "\treturn-path %s\n",
	    g->return_path == CONF_RETURN_KEEP ? "keep" :
	    g->return_path == CONF_RETURN_WRAP ? "wrap" : "strip verp");
	(void)fprintf(fp, "\totherwise %s\n}\n",
	    conf_otherwise_name(g->otherwise));
}

/* relay.conf(5) out of memory again, for -nv and for tests. */

const char *
conf_authenticate_name(enum conf_authenticate authenticate)
{
	switch (authenticate) {
	case CONF_AUTH_SIGNATURE:
		return "signature";
	case CONF_AUTH_SENDER:
		return "sender";
	case CONF_AUTH_EITHER:
		return "signature or sender";
	case CONF_AUTH_BOTH:
		return "signature and sender";
	case CONF_AUTH_NONE:
		return "none";
	}
	return "?";
}

const char *
conf_span_name(int64_t span)
{
	if (span == 60)
		return "minute";
	return span == 3600 ? "hour" : "day";
}

const char *
conf_span_words(int64_t span)
{
	if (span == 60)
		return "a minute";
	return span == 3600 ? "an hour" : "a day";
}

static const char *
conf_leak_name(enum conf_leak leak)
{
	if (leak == CONF_LEAK_SCRUB)
		return "scrub";
	return leak == CONF_LEAK_REFUSE ? "refuse" : "pass";
}

static const char *
conf_spam_name(enum conf_spam spam)
{
	if (spam == CONF_SPAM_ARCHIVE)
		return "archive";
	return spam == CONF_SPAM_REFUSE ? "refuse" : "pass";
}

static void
print_duration(FILE *fp, const char *word, int64_t seconds)
{
	char	 unit = 's';

	if (seconds % 86400 == 0) {
		seconds /= 86400;
		unit = 'd';
	} else if (seconds % 3600 == 0) {
		seconds /= 3600;
		unit = 'h';
	} else if (seconds % 60 == 0) {
		seconds /= 60;
		unit = 'm';
	}
	(void)fprintf(fp, "\t%s %" PRId64 "%c\n", word, seconds, unit);
}

static void
print_replies(FILE *fp, const struct conf_replies *r)
{
	(void)fprintf(fp, "\nreplies {\n");
	(void)fprintf(fp, "\tauthenticate %s\n",
	    conf_authenticate_name(r->authenticate));
	if (r->trust_results)
		(void)fprintf(fp, "\ttrust authentication-results\n");
	(void)fprintf(fp, "\tfrom %s\n",
	    r->from == CONF_FROM_MAILBOX ? "mailbox" : "worker");
	(void)fprintf(fp, "\tcopies from %s\n",
	    r->copies == CONF_COPIES_MAILBOX ? "mailbox" : "original");
	print_duration(fp, "signature lifetime", r->signature_lifetime);
	print_duration(fp, "handle lifetime", r->handle_lifetime);
	print_duration(fp, "retain", r->retain);
	(void)fprintf(fp, "\tautomatic %s\n",
	    r->automatic_pass ? "pass" : "refuse");
	(void)fprintf(fp, "\tleak %s\n", conf_leak_name(r->leak));
	(void)fprintf(fp, "\tcommands %s\n",
	    r->commands_accept ? "accept" : "ignore");
	(void)fprintf(fp, "\tstart %s\n",
	    r->start_allow ? "allow" : "refuse");
	(void)fprintf(fp, "\tparticipants %u\n", r->participants);
	(void)fprintf(fp, "\tmessages %u per hour\n", r->messages_per_hour);
	(void)fprintf(fp, "\tspam %s\n", conf_spam_name(r->spam));
	if (r->helpdesk.count != 0)
		print_list(fp, "\t", "helpdesk", &r->helpdesk,
		    r->helpdesk.count);
	(void)fprintf(fp, "}\n");
}

static void
print_outbound(FILE *fp, const struct conf_outbound *o)
{
	(void)fprintf(fp, "\noutbound {\n");
	(void)fprintf(fp, "\talternates %s\n",
	    o->alternates ? "allow" : "deny");
	if (o->hosts.count != 0)
		print_list(fp, "\t", "hosts", &o->hosts, o->hosts.count);
	(void)fprintf(fp, "\ttls %s\n",
	    o->tls == CONF_TLS_VERIFY ? "verify" : "require");
	(void)fprintf(fp, "\tcourier %s port %u\n", o->courier,
	    o->courier_port);
	if (o->verify_identity)
		(void)fprintf(fp, "\tverify identity\n");
	(void)fprintf(fp, "\thide client %s\n",
	    o->hide_client ? "yes" : "no");
	(void)fprintf(fp, "}\n");
}

static void
print_sender_limit(FILE *fp, const struct conf_limit *l)
{
	(void)fprintf(fp, "\nlimit sender {\n");
	if (l->messages != 0)
		(void)fprintf(fp, "\tmessages %u per %s\n", l->messages,
		    conf_span_name(l->messages_span));
	if (l->recipients != 0)
		(void)fprintf(fp, "\trecipients %u per %s\n", l->recipients,
		    conf_span_name(l->recipients_span));
	(void)fprintf(fp, "}\n");
}

static void
print_when(const struct netlist *l, FILE *fp)
{
	char	 ip[INET6_ADDRSTRLEN];
	size_t	 i;

	(void)fprintf(fp, "\twhen { source {\n");
	for (i = 0; i < l->n; i++)
		if (inet_ntop(l->v[i].family, l->v[i].addr, ip,
		    sizeof(ip)) != NULL)
			(void)fprintf(fp, "\t\t%s/%d%s\n", ip, l->v[i].bits,
			    i + 1 < l->n ? "," : "");
	(void)fprintf(fp, "\t} }\n");
}

static void
print_handoff(const struct conf_handoff *h, FILE *fp)
{
	(void)fprintf(fp, "\nhandoff \"%s\" {\n\tstrategy ", h->name);
	switch (h->strategy) {
	case CONF_STRATEGY_COUNT:
		(void)fprintf(fp, "count %u", h->count);
		break;
	case CONF_STRATEGY_LOCAL:
		(void)fprintf(fp, "local");
		break;
	case CONF_STRATEGY_AUTHENTICATED:
		(void)fprintf(fp, "authenticated%s",
		    h->file != NULL ? " users " : "");
		break;
	case CONF_STRATEGY_HOSTNAMES:
		(void)fprintf(fp, "hostnames ");
		break;
	case CONF_STRATEGY_ADDRESSES:
		(void)fprintf(fp, "addresses ");
		break;
	case CONF_STRATEGY_NONE:
		break;
	}
	if (h->file != NULL)
		print_string(fp, h->file->path);
	(void)fprintf(fp, "\n");
	if (h->when.n > 0)
		print_when(&h->when, fp);
	(void)fprintf(fp, "\tpriority %u\n\tsymbol \"%s\"\n}\n", h->priority,
	    h->symbol);
}

int
conf_print(const struct conf *conf, FILE *fp)
{
	size_t	 i, domains = conf->domains.count;

	if (conf->bounce_added)
		domains--;
	(void)fprintf(fp, "database ");
	print_string(fp, conf->database);
	(void)fprintf(fp, "\nkey ");
	print_string(fp, conf->key);
	(void)fprintf(fp, "\n");
	print_list(fp, "", "domain", &conf->domains, domains);
	if (conf->bounce_domain != NULL) {
		(void)fprintf(fp, "bounce domain ");
		print_string(fp, conf->bounce_domain);
		(void)fprintf(fp, "\n");
	}
	if (conf->sandbox_required)
		(void)fprintf(fp, "sandbox required\n");
	if (conf->spool != CONF_SPOOL)
		(void)fprintf(fp, "spool %lld\n", (long long)conf->spool);
	print_replies(fp, &conf->replies);
	if (conf->outbound.present)
		print_outbound(fp, &conf->outbound);
	if (conf->limit_sender.messages != 0 ||
	    conf->limit_sender.recipients != 0)
		print_sender_limit(fp, &conf->limit_sender);
	for (i = 0; i < conf->nhandoffs; i++)
		print_handoff(&conf->handoff[i], fp);
	for (i = 0; i < conf->ngates; i++)
		print_gate(&conf->gate[i], fp);
	return fflush(fp) == EOF || ferror(fp) ? -1 : 0;
}
