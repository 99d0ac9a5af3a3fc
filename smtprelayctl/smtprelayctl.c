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
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "json.h"
#include "proc/privsep.h"

#define COMMON_OPTIONS	"f:j"

static const struct ctl_command	 commands[] = {
	{ { "init", NULL }, ctl_init, "", 0, 0, CTL_CONF, "" },
	{ { "check", "config" }, ctl_check_config, "", 0, 0, CTL_ALONE, "" },
	{ { "check", "account" }, ctl_check_account, "s:t:", 1, 1, CTL_CONF,
	    "NAME [-s SERVER] [-t SECONDS]" },
	{ { "check", "domain" }, ctl_check_domain, "a:b:k:s:t:", 1, -1,
	    CTL_ALONE,
	    "DOMAIN ... [-k SELECTOR] [-a ADDRESS] [-b LIST] [-s SERVER] "
	    "[-t SECONDS]" },
	{ { "check", "message" }, ctl_check_message, "de:l:m:n:r:s:S:t:u:v:",
	    1, 100, CTL_CONF, "FILE ... -s SOURCE [-d] [-e HELO] "
	    "[-l LISTENER] [-m SENDER] [-n NAME] [-r RECIPIENT] [-S SERVER] "
	    "[-t SECONDS] [-u USER] [-v VERSION]" },
	{ { "mailbox", "add" }, ctl_mailbox_add, "n:a:", 1, 1, CTL_CONF,
	    "ADDRESS [-n NAME] [-a ARCHIVE-ADDRESS]" },
	{ { "mailbox", "del" }, ctl_mailbox_del, "", 1, 1, CTL_CHANGES,
	    "ADDRESS" },
	{ { "mailbox", "list" }, ctl_mailbox_list, "", 0, 0, CTL_READS, "" },
	{ { "mailbox", "show" }, ctl_mailbox_show, "", 1, 1, CTL_READS,
	    "ADDRESS" },
	{ { "mailbox", "join" }, ctl_mailbox_join, "", 2, -1, CTL_CHANGES,
	    "ADDRESS WORKER ..." },
	{ { "mailbox", "leave" }, ctl_mailbox_leave, "", 2, -1, CTL_CHANGES,
	    "ADDRESS WORKER ..." },
	{ { "worker", "add" }, ctl_worker_add, "n:u:", 2, -1, CTL_CONF,
	    "WORKER -n NAME [-u LOGIN] ADDRESS ..." },
	{ { "worker", "del" }, ctl_worker_del, "", 1, 1, CTL_CHANGES,
	    "WORKER" },
	{ { "worker", "disable" }, ctl_worker_disable, "", 1, 1, CTL_CHANGES,
	    "WORKER" },
	{ { "worker", "enable" }, ctl_worker_enable, "", 1, 1, CTL_CHANGES,
	    "WORKER" },
	{ { "worker", "list" }, ctl_worker_list, "", 0, 0, CTL_READS, "" },
	{ { "worker", "show" }, ctl_worker_show, "", 1, 1, CTL_READS,
	    "WORKER" },
	{ { "conversation", "list" }, ctl_conversation_list, "", 0, 1,
	    CTL_READS, "[MAILBOX]" },
	{ { "conversation", "show" }, ctl_conversation_show, "", 1, 1,
	    CTL_READS, "ID" },
	{ { "conversation", "close" }, ctl_conversation_close, "", 1, 1,
	    CTL_CHANGES, "ID" },
	{ { "conversation", "reopen" }, ctl_conversation_reopen, "", 1, 1,
	    CTL_CHANGES, "ID" },
	{ { "conversation", "prune" }, ctl_conversation_prune, "o:", 0, 0,
	    CTL_CONF, "[-o AGE]" },
	{ { "signature", "revoke" }, ctl_signature_revoke, "", 1, 1,
	    CTL_CHANGES, "WORKER" },
	{ { "account", "add" }, ctl_account_add, "o:", 2, 2, CTL_CONF,
	    "NAME URL [-o FILE]" },
	{ { "account", "del" }, ctl_account_del, "", 1, 1, CTL_CONF, "NAME" },
	{ { "account", "list" }, ctl_account_list, "", 0, 0, CTL_CONF, "" },
	{ { "account", "show" }, ctl_account_show, "", 1, 1, CTL_CONF, "NAME" },
	{ { "account", "test" }, ctl_account_test, "", 1, 1, CTL_CONF, "NAME" },
	{ { "identity", "add" }, ctl_identity_add, "a:", 2, 2, CTL_CONF,
	    "USER ADDRESS [-a ACCOUNT]" },
	{ { "identity", "verify" }, ctl_identity_verify, "", 1, 1, CTL_CONF,
	    "CODE" },
	{ { "identity", "del" }, ctl_identity_del, "", 2, 2, CTL_CONF,
	    "USER ADDRESS" },
	{ { "identity", "list" }, ctl_identity_list, "", 0, 1, CTL_READS,
	    "[USER]" },
	{ { "key", "rotate" }, ctl_key_rotate, "", 0, 0, CTL_CONF, "" },
	{ { "key", "list" }, ctl_key_list, "", 0, 0, CTL_CONF, "" },
	{ { "key", "retire" }, ctl_key_retire, "", 1, 1, CTL_CONF, "ID" },
	{ { "export", NULL }, ctl_export, "s", 0, 0, CTL_CONF, "[-s]" },
	{ { "import", NULL }, ctl_import, "", 0, 0, CTL_CONF, "" },
	{ { "status", NULL }, ctl_status, "", 0, 0, CTL_CONF, "" },
	{ { "log", NULL }, ctl_log, "f", 0, 0, CTL_CONF, "[-f]" },
	{ { NULL, NULL }, NULL, NULL, 0, 0, CTL_ALONE, NULL }
};

static void
usage(void)
{
	const struct ctl_command	*c;

	(void)fprintf(stderr, "usage: smtprelayctl [-j] [-f relay.conf] "
	    "command [argument ...]\n       smtprelayctl -n [-v] "
	    "[-f relay.conf]\n");
	for (c = commands; c->word[0] != NULL; c++)
		(void)fprintf(stderr, "\t%s%s%s%s%s\n", c->word[0],
		    c->word[1] != NULL ? " " : "",
		    c->word[1] != NULL ? c->word[1] : "",
		    c->usage[0] != '\0' ? " " : "", c->usage);
}

/* The words that may follow `first', for the message. */
static void
unknown_command(struct ctl *ctl, const char *first, const char *second)
{
	const struct ctl_command	*c;
	char				 words[512] = "";
	const char			*last = "";

	for (c = commands; c->word[0] != NULL; c++) {
		if (strcmp(c->word[0], first) == 0 && c->word[1] != NULL) {
			(void)strlcat(words, words[0] ? ", " : "",
			    sizeof(words));
			(void)strlcat(words, c->word[1], sizeof(words));
		}
	}
	if (words[0] != '\0') {
		(void)ctl_usage(ctl, "%s%s%s: expected %s after %s", first,
		    second != NULL ? " " : "", second != NULL ? second : "",
		    words, first);
		return;
	}
	for (c = commands; c->word[0] != NULL; c++) {
		if (strcmp(c->word[0], last) == 0)
			continue;
		last = c->word[0];
		(void)strlcat(words, words[0] ? ", " : "", sizeof(words));
		(void)strlcat(words, last, sizeof(words));
	}
	(void)ctl_usage(ctl, "unknown command \"%s\", expected %s", first,
	    words);
}

static const struct ctl_command *
find_command(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command	*c;

	for (c = commands; c->word[0] != NULL; c++)
		if (strcmp(c->word[0], argv[0]) == 0 &&
		    (c->word[1] == NULL || (argc > 1 &&
		    strcmp(c->word[1], argv[1]) == 0)))
			return c;
	unknown_command(ctl, argv[0], argc > 1 ? argv[1] : NULL);
	return NULL;
}

static int
load(struct ctl *ctl)
{
	struct conf_errors	 errors;
	size_t			 i;

	memset(&errors, 0, sizeof(errors));
	ctl->conf = conf_load(ctl->path, &errors);
	for (i = 0; i < errors.count; i++)
		(void)ctl_fail(ctl, "%s", errors.message[i]);
	conf_errors_free(&errors);
	return ctl->conf == NULL ? CTL_FAIL : CTL_OK;
}

/* Checks the arguments of a command and runs it. */
static int
run(struct ctl *ctl, const struct ctl_command *c, int argc, char **argv)
{
	char	 options[64];
	int	 words = c->word[1] == NULL ? 1 : 2;

	/* The command's own come first: the -f of log is not our -f. */
	if (strlcpy(options, c->options, sizeof(options)) >= sizeof(options) ||
	    strlcat(options, COMMON_OPTIONS, sizeof(options)) >=
	    sizeof(options))
		return ctl_fail(ctl, "too many options");
	if (ctl_args(ctl, options, argc - words, argv + words) == -1)
		return CTL_USAGE;
	ctl->json = ctl->json || ctl->opt['j'] != NULL;
	json_init(&ctl->js, ctl->json ? ctl->out : NULL);
	if (ctl->opt['f'] != NULL && strchr(c->options, 'f') == NULL)
		ctl->path = ctl->opt['f'];
	if (ctl->argc < c->min || (c->max != -1 && ctl->argc > c->max))
		return ctl_usage(ctl, "usage: smtprelayctl %s%s%s%s%s",
		    c->word[0], c->word[1] != NULL ? " " : "",
		    c->word[1] != NULL ? c->word[1] : "",
		    c->usage[0] != '\0' ? " " : "", c->usage);
	if (c->needs != CTL_ALONE && load(ctl) != CTL_OK)
		return CTL_FAIL;
	if (c->needs == CTL_ALONE || c->needs == CTL_CONF)
		return c->run(ctl);
	if ((ctl->store = ctl_begin(ctl, c->needs == CTL_CHANGES)) == NULL)
		return CTL_FAIL;
	return ctl_end(ctl, ctl->store, c->run(ctl));
}

/*
 * Nothing is written before the command has succeeded: what a failed one
 * had to say would be half of the truth.
 */
static int
output(struct ctl *ctl, int status, const char *text, size_t len)
{
	size_t	 i;

	if (status != CTL_OK && ctl->json && !ctl->show_anyway) {
		json_init(&ctl->js, stdout);
		json_object(&ctl->js, NULL);
		json_array(&ctl->js, "errors");
		for (i = 0; i < ctl->errors.count; i++)
			json_string(&ctl->js, NULL, ctl->errors.item[i]);
		json_end(&ctl->js);
		json_end(&ctl->js);
		(void)json_finish(&ctl->js);
	}
	if ((status == CTL_OK || ctl->show_anyway) &&
	    fwrite(text, 1, len, stdout) != len)
		status = CTL_FAIL;
	if (fflush(stdout) == EOF)
		status = CTL_FAIL;
	return status;
}

static int
command(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command	*c;
	FILE				*held;
	char				*text = NULL;
	size_t				 len = 0;
	int				 status;

	if ((c = find_command(ctl, argc, argv)) == NULL)
		return output(ctl, CTL_USAGE, NULL, 0);
	if ((held = open_memstream(&text, &len)) == NULL)
		return ctl_fail(ctl, "%s", strerror(errno));
	ctl->out = held;
	status = run(ctl, c, argc, argv);
	if ((status == CTL_OK || ctl->show_anyway) && ctl->json &&
	    json_finish(&ctl->js) == -1) {
		ctl->show_anyway = 0;
		status = ctl_fail(ctl, "the answer cannot be written as JSON");
	}
	if (fclose(held) == EOF)
		status = ctl_fail(ctl, "%s", strerror(errno));
	status = output(ctl, status, text, len);
	free(text);
	return status;
}

int
main(int argc, char *argv[])
{
	struct ctl	 ctl;
	int		 ch, check = 0, verbose = 0, status;

	if (privsep_begin("smtprelayctl", argc, argv) == -1)
		return CTL_FAIL;
	memset(&ctl, 0, sizeof(ctl));
	ctl.path = CONF_PATH;
	/* What is made here is for root and the group _smtprelay alone. */
	(void)umask(007);
	while ((ch = getopt(argc, argv, "+f:jnv")) != -1) {
		switch (ch) {
		case 'f':
			ctl.path = optarg;
			break;
		case 'j':
			ctl.json = 1;
			break;
		case 'n':
			check = 1;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			usage();
			return CTL_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (check && argc == 0)
		return conf_check(ctl.path, verbose);
	if (argc == 0 || check || verbose) {
		usage();
		return CTL_USAGE;
	}
	status = command(&ctl, argc, argv);
	conf_list_free(&ctl.errors);
	conf_free(ctl.conf);
	return status;
}
