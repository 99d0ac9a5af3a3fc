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
/* relay.conf(5) out of memory again, for -nv and for tests. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf.h"
#include "conf/confhandoff.h"

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

void
conf_print_string(FILE *fp, const char *s)
{
	(void)fputc('"', fp);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			(void)fputc('\\', fp);
		(void)fputc(*s, fp);
	}
	(void)fputc('"', fp);
}

void
conf_print_list(FILE *fp, const char *indent, const char *word,
    const struct conf_list *list, size_t count)
{
	size_t	 i;

	(void)fprintf(fp, "%s%s {\n", indent, word);
	for (i = 0; i < count; i++) {
		(void)fprintf(fp, "%s\t", indent);
		conf_print_string(fp, list->item[i]);
		(void)fprintf(fp, "%s\n", i + 1 < count ? "," : "");
	}
	(void)fprintf(fp, "%s}\n", indent);
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
		conf_print_list(fp, "\t", "helpdesk", &r->helpdesk,
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
		conf_print_list(fp, "\t", "hosts", &o->hosts, o->hosts.count);
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
print_limit(FILE *fp, const struct conf_limit *l)
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

int
conf_print(const struct conf *conf, FILE *fp)
{
	size_t	 i, domains = conf->domains.count;

	if (conf->bounce_added)
		domains--;
	(void)fprintf(fp, "database ");
	conf_print_string(fp, conf->database);
	(void)fprintf(fp, "\nkey ");
	conf_print_string(fp, conf->key);
	(void)fprintf(fp, "\n");
	conf_print_list(fp, "", "domain", &conf->domains, domains);
	if (conf->bounce_domain != NULL) {
		(void)fprintf(fp, "bounce domain ");
		conf_print_string(fp, conf->bounce_domain);
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
		print_limit(fp, &conf->limit_sender);
	for (i = 0; i < conf->nhandoffs; i++)
		confhandoff_print(&conf->handoff[i], fp);
	for (i = 0; i < conf->ngates; i++)
		conf_print_gate(&conf->gate[i], fp);
	return fflush(fp) == EOF || ferror(fp) ? -1 : 0;
}
