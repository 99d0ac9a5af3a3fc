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

/*
 * The commands of a client, RFC 5321 section 4.1.1, with the parameters of
 * RFC 1870 (SIZE), 3461 (delivery status notifications), 4954 (AUTH) and
 * 6152 (8BITMIME).  Pure.
 */

#ifndef SMTPCMD_H
#define SMTPCMD_H

#include <stddef.h>

#define SMTPCMD_LINE_MAX	2048	/* of a command with CR LF */
#define SMTPCMD_ADDRESS_MAX	320	/* RFC 5321 section 4.5.3.1 */
#define SMTPCMD_ENVID_MAX	100	/* RFC 3461 section 4.4 */
#define SMTPCMD_ORCPT_MAX	500	/* RFC 3461 section 4.2 */
#define SMTPCMD_PARAMS_MAX	700	/* of the notification's, in all */

enum smtpcmd_verb {
	SMTPCMD_UNKNOWN,
	SMTPCMD_HELO,
	SMTPCMD_EHLO,
	SMTPCMD_AUTH,
	SMTPCMD_MAIL,
	SMTPCMD_RCPT,
	SMTPCMD_DATA,
	SMTPCMD_RSET,
	SMTPCMD_NOOP,
	SMTPCMD_QUIT,
	SMTPCMD_VRFY,
	SMTPCMD_EXPN,
	SMTPCMD_HELP
};

/* What MAIL and RCPT say. */
struct smtpcmd_path {
	char	address[SMTPCMD_ADDRESS_MAX + 1];	/* without < and >; ""
							 * for MAIL FROM:<> */
	char	dsn[SMTPCMD_PARAMS_MAX + 1];	/* " RET=HDRS ENVID=..." to be
						 * passed on, or "" */
	char	body[16];	/* " BODY=8BITMIME", or "" */
	char	size[32];	/* " SIZE=1234", or "" */
};

/*
 * Tells the command in a line that ends in NUL, without its CR LF; *arg
 * points to what follows it in the line, without the blanks before.
 */
enum smtpcmd_verb smtpcmd_verb(const char *line, const char **arg);

/*
 * Takes the argument of MAIL (or, with rcpt, of RCPT) apart.  Returns NULL,
 * or the reply, without CR LF, that a client gets whose argument is wrong.
 */
const char *smtpcmd_path(const char *arg, int rcpt,
	    struct smtpcmd_path *path);

#endif
