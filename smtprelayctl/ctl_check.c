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
#include <string.h>

#include "conf/conf.h"
#include "ctl.h"
#include "ctlcmd.h"

int
ctl_check_config(struct ctl *ctl)
{
	struct conf_errors	 errors;
	const char		*warning;
	size_t			 i;
	int			 status = CTL_OK;

	memset(&errors, 0, sizeof(errors));
	if ((ctl->conf = conf_load(ctl->path, &errors)) == NULL ||
	    conf_load_lists(ctl->conf, &errors) == -1)
		status = CTL_FAIL;
	for (i = 0; i < errors.count; i++)
		(void)ctl_fail(ctl, "%s", errors.message[i]);
	conf_errors_free(&errors);
	if (status != CTL_OK)
		return status;

	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "file", ctl->path);
	json_array(&ctl->js, "warnings");
	for (i = 0; (warning = conf_warning(ctl->conf, i)) != NULL; i++) {
		json_string(&ctl->js, NULL, warning);
		ctl_say(ctl, "%s: warning: %s", ctl->path, warning);
	}
	json_end(&ctl->js);
	json_end(&ctl->js);
	ctl_say(ctl, "%s: configuration OK", ctl->path);
	return CTL_OK;
}
