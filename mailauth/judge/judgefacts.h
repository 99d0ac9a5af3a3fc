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

/* What judge.h found, as the facts by which gate.h decides. */

#ifndef JUDGEFACTS_H
#define JUDGEFACTS_H

#include "gate/gate.h"
#include "judge/judge.h"

/*
 * The DNS lists that a gate requires not to list the source, in v, for struct
 * judge_request; there are at most CONF_REQUIRE_MAX.  Returns how many.
 */
size_t	 judgefacts_lists(const struct conf_gate *g,
	    const struct dnslist *v[CONF_REQUIRE_MAX]);

/*
 * Fills in what the answers say: known, spf, dkim, aligned, dmarc and their
 * words, which are static, and with g, whose lists were asked, listed.  spf is
 * about f->sender alone: where that is empty, it is NO.  sigs
 * are the n of the request; listed is the caller's, an element for each
 * requirement of g.  A list that does not answer us at all lists nothing:
 * else its end would be that of all mail.
 */
void	 judgefacts_set(struct gate_facts *f, const struct judge_result *r,
	    const struct dkim_sig *sigs, size_t n, const struct conf_gate *g,
	    struct gate_listed listed[CONF_REQUIRE_MAX]);

#endif
