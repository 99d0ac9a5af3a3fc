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
/* The system's users and groups, as far as init needs them. */

#ifndef SYSUSER_H
#define SYSUSER_H

#include <sys/types.h>

#define SYSUSER_NAME	"_smtprelay"	/* the user and its group */

/*
 * Makes the group, or the user in that group without a home that it could
 * write, if it is missing.  Returns 1 made, 0 was there, -1 with a sentence
 * in `why'.
 */
int	sysuser_group(const char *group, char *why, size_t size);
int	sysuser_user(const char *user, const char *group, char *why,
	    size_t size);

/*
 * Puts an existing user into a group.  Returns 1 done, 0 was so already, -1
 * with a sentence in `why'.
 */
int	sysuser_join(const char *user, const char *group, char *why,
	    size_t size);

/*
 * Goes on as that user and its group alone, for good.  Returns 0, or -1 with
 * a sentence in `why'; the process is then of no use any more.
 */
int	sysuser_become(const char *user, char *why, size_t size);

/* The user that smtpd runs its tables as; NULL when there is none. */
const char *sysuser_smtpd(void);

#endif
