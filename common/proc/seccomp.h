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

/* Linux: which system calls a process may still make. */

#ifndef SECCOMP_H
#define SECCOMP_H

/*
 * With AddressSanitizer, or built with -DSANDBOX_LOOSE (for valgrind), a
 * process may besides do what the checking tool does inside it.
 */
#if !defined(SANDBOX_LOOSE) && defined(__SANITIZE_ADDRESS__)
#define SANDBOX_LOOSE
#elif !defined(SANDBOX_LOOSE) && defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_LOOSE
#endif
#endif

/* Groups of calls, ORed; reading, writing and waiting on open descriptors,
 * memory and time are always allowed. */
#define SECCOMP_FILES	0x01	/* open, make, rename, remove, lock, sync */
#define SECCOMP_FORK	0x02	/* fork, wait, signal, make channels; narrow
				 * a child's limits */
#define SECCOMP_NET	0x04	/* sockets of IPv4 and IPv6 */

/* Whether the kernel and this architecture have it: 1 or 0. */
int	seccomp_works(void);

/*
 * Allows the groups and nothing else, for this process and its future
 * children.  What has no place in any of our processes (execve, ptrace,
 * mount, modules) kills the process; all else fails with EPERM.  Returns 0,
 * or -1 with errno set.
 */
int	seccomp_confine(int groups);

#endif
