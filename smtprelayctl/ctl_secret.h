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

/* Secrets that the administrator types or keeps in a file. */

#ifndef CTL_SECRET_H
#define CTL_SECRET_H

#include "ctl.h"

/*
 * Asks for a password on the terminal, with `prompt', or reads the first
 * line of standard input when that is no terminal.  Returns it, to be given
 * to accseal_wipe(), or NULL after saying why.
 */
char	*ctl_password(struct ctl *, const char *prompt);

/*
 * Reads OAuth 2 data from the file at path, "-" for standard input, and
 * checks them.  Returns them as oauthtext_format() writes them, to be given
 * to accseal_wipe(), or NULL after saying why.
 */
char	*ctl_oauth(struct ctl *, const char *path);

#endif
