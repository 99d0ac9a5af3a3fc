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

/* The gates of relay.conf(5) out of memory again. */

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/listfile.h"

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
		conf_print_string(fp, g->file[i]->path);
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
		conf_print_list(fp, "\t\t", "listener", &g->listeners,
		    g->listeners.count);
	if (g->who == CONF_WHO_SOMEBODY)
		(void)fprintf(fp, "\t\tuser any\n");
	else if (g->who == CONF_WHO_NOBODY)
		(void)fprintf(fp, "\t\tuser none\n");
	else if (g->who == CONF_WHO_LISTED)
		conf_print_list(fp, "\t\t", "user", &g->users,
		    g->users.count);
	if (g->own)
		(void)fprintf(fp, "\t\tsender domain own\n");
	if (g->domains.count != 0)
		conf_print_list(fp, "\t\t", "sender domain", &g->domains,
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
			conf_print_list(fp, "\t\t", text, &r->domains,
			    r->domains.count);
			left--;
			continue;
		}
		if (r->need == CONF_NEED_HEADER) {
			(void)fprintf(fp, "\t\theader ");
			conf_print_string(fp, r->text);
			(void)fputc(' ', fp);
			conf_print_string(fp, r->value);
		} else if (r->need == CONF_NEED_UNLISTED) {
			(void)fprintf(fp, "\t\tnot listed ");
			conf_print_string(fp, r->text);
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

void
conf_print_gate(const struct conf_gate *g, FILE *fp)
{
	(void)fprintf(fp, "\ngate ");
	conf_print_string(fp, g->name);
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
