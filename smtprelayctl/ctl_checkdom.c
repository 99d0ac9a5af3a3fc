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

#include "base/hostport.h"
#include "base/log.h"
#include "checkdom.h"
#include "ctlcmd.h"

int
ctl_check_domain(struct ctl *ctl)
{
	struct checkdom	 c;
	const char	*domain;
	int		 i, rv;

	memset(&c, 0, sizeof(c));
	c.ctl = ctl;
	log_init("smtprelayctl", 1);
	for (i = 0; i < ctl->argc; i++)
		if (!hostport_is_domain(ctl->arg[i]) ||
		    strchr(ctl->arg[i], '.') == NULL)
			return ctl_usage(ctl, "%s: expected a domain",
			    ctl->arg[i]);
	if ((rv = checkdom_addrs(&c)) != CTL_OK ||
	    (rv = ask_open(&c.ask, ctl, 's')) != CTL_OK)
		return rv;
	report_begin(&c.report, ctl);
	checkdom_host(&c);
	for (i = 0; i < ctl->argc; i++) {
		domain = ctl->arg[i];
		c.spf = c.dkim = 0;
		checkdom_mx(&c, domain);
		checkdom_spf(&c, domain);
		checkdom_dkim(&c, domain);
		checkdom_dmarc(&c, domain);
	}
	ask_close(&c.ask);
	return report_end(&c.report);
}
