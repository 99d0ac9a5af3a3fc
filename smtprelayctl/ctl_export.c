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
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keys.h"
#include "ctl.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "report.h"
#include "store/account_seal.h"
#include "store/sender.h"
#include "store/store_identity.h"
#include "store_export.h"

/* With -j the lines of the text, each a string. */
static void
json_lines(struct ctl *ctl, char *text)
{
	char	*line;

	while ((line = strsep(&text, "\n")) != NULL)
		if (*line != '\0')
			json_string(&ctl->js, NULL, line);
}

int
ctl_export(struct ctl *ctl)
{
	struct store	*s;
	FILE		*fp = stdout;
	char		*text = NULL;
	uint64_t	 rows = 0;
	size_t		 len = 0;
	int		 flags, status = CTL_OK;

	if (ctl->json && (fp = open_memstream(&text, &len)) == NULL)
		return ctl_fail(ctl, "%s", strerror(errno));
	if ((s = ctl_open(ctl)) == NULL) {
		if (ctl->json)
			(void)fclose(fp);
		free(text);
		return CTL_FAIL;
	}
	flags = ctl->opt['s'] != NULL ? STORE_EXPORT_SANDBOX : 0;
	progress_begin("exporting");
	/*
	 * Straight to standard output: it may be large, and one that broke
	 * off lacks its last line, so that import refuses it.
	 */
	if (store_export(s, fp, flags, &rows) == -1)
		status = ctl_store_fail(ctl, s);
	progress_end();
	store_close(s);
	if ((ctl->json ? fclose(fp) : fflush(fp)) == EOF && status == CTL_OK)
		status = ctl_fail(ctl, "standard output: %s", strerror(errno));
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "rows", (int64_t)rows);
	json_array(&ctl->js, "lines");
	if (text != NULL)
		json_lines(ctl, text);
	json_end(&ctl->js);
	json_end(&ctl->js);
	free(text);
	return status;
}

/* One in another domain would be there and never get mail. */
static int
check_domain(const struct store_mailbox *mb, void *arg)
{
	struct ctl	*ctl = arg;

	if (conf_is_our_address(ctl->conf, mb->address))
		return 0;
	return ctl_fail(ctl, "import: the mailbox %s does not lie in a domain "
	    "of %s", mb->address, ctl->path);
}

static int
check_identity(const struct store_identity *idt, void *arg)
{
	struct ctl	*ctl = arg;

	if (!sender_identity_void(ctl->conf, idt))
		return 0;
	return ctl_fail(ctl, "import: the identity %s is a domain of %s",
	    idt->address, ctl->path);
}

struct sealed {
	struct store	*s;
	struct keys	*keys;
};

/* Under a key that is not here the passwords are lost. */
static int
check_secret(const struct store_account *acc, void *arg)
{
	struct sealed	*sealed = arg;
	char		*secret;
	int		 ret;

	if (acc->auth == STORE_AUTH_NONE)
		return 0;
	ret = account_seal_read(sealed->keys, sealed->s, acc, &secret);
	account_seal_wipe(secret);
	if (ret == 0)
		(void)fprintf(stderr, "smtprelayctl: warning: the secret of "
		    "account %s is sealed under another key file: add the "
		    "account again\n", acc->name);
	return ret == -1 ? -1 : 0;
}

int
ctl_import(struct ctl *ctl)
{
	struct sealed	 sealed;
	struct store	*s;
	char		 err[512];
	uint64_t	 rows = 0;
	int		 status = CTL_OK;

	sealed.keys = keys_open(ctl->conf->key, err, sizeof(err));
	if ((s = sealed.s = ctl_begin(ctl, 1)) == NULL) {
		keys_free(sealed.keys);
		return CTL_FAIL;
	}
	progress_begin("importing");
	if (store_import(s, stdin, &rows) == -1)
		status = ctl_store_fail(ctl, s);
	else if (store_mailbox_each(s, 0, check_domain, ctl) == -1 ||
	    store_identity_each(s, NULL, check_identity, ctl) == -1)
		status = CTL_FAIL;
	else if (sealed.keys != NULL &&
	    store_account_each(s, check_secret, &sealed) == -1)
		status = ctl_store_fail(ctl, s);
	keys_free(sealed.keys);
	progress_end();
	if ((status = ctl_end(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_int(&ctl->js, "rows", (int64_t)rows);
	json_end(&ctl->js);
	ctl_say(ctl, "%llu rows imported", (unsigned long long)rows);
	return CTL_OK;
}
