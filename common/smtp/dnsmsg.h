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
 * DNS messages as they come (RFC 1035 4.1).  All input is hostile: a message
 * that does not add up says nothing at all.
 */

#ifndef DNSMSG_H
#define DNSMSG_H

#include <sys/types.h>
#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MAX	253	/* bytes of a name without its last dot */
#define DNS_LABEL_MAX	63
#define DNS_RECORDS_MAX	1024	/* records of one answer */
#define DNS_TEXT_MAX	65535	/* bytes of all texts of one answer */
#define DNS_CNAMES_MAX	8	/* aliases in a row that are followed */

/* Types, by their numbers in the protocol. */
#define DNS_A		1
#define DNS_CNAME	5
#define DNS_PTR		12
#define DNS_MX		15
#define DNS_TXT		16
#define DNS_AAAA	28

/* What became of a question. */
#define DNS_OK		0	/* NOERROR, with at least one record */
#define DNS_NODATA	1	/* the name exists, without such a record */
#define DNS_NXDOMAIN	2	/* the name does not exist, or cannot exist */
#define DNS_SERVFAIL	3	/* no usable answer: try again later */
#define DNS_TIMEOUT	4	/* no answer in time: try again later */

/* One record of the type that was asked for. */
struct dns_record {
	unsigned int	 preference;	/* MX */
	struct in_addr	 in;		/* A */
	struct in6_addr	 in6;		/* AAAA */
	/*
	 * CNAME, PTR, MX: a name in lower case without the last dot, "" for
	 * the root.  TXT: its strings joined, any bytes.  Ends in a NUL that
	 * len does not count; NULL for A and AAAA.
	 */
	char		*text;
	size_t		 len;
};

struct dns_answer {
	int			 status;	/* DNS_OK, ... */
	uint32_t		 ttl;		/* seconds; of DNS_OK, least */
	size_t			 n;		/* 0 unless DNS_OK */
	struct dns_record	*v;
};

/*
 * 1 when name can be asked for, else 0: labels of 1 to 63 bytes of printable
 * ASCII but backslash, 253 bytes in all, perhaps a last dot.  It need not be
 * a host's name: "_dmarc.example.com" is valid.
 */
int	 dns_name_valid(const char *name);

/*
 * Building an answer.  dns_answer_add() takes a record of len bytes of text
 * (NULL for A and AAAA, r says the rest) and keeps a copy; -1 for a limit of
 * these or lack of memory.  dns_answer_clear() frees the records and zeroes
 * *a.
 */
int	 dns_answer_add(struct dns_answer *a, const struct dns_record *r,
	    const void *text, size_t len);
void	 dns_answer_clear(struct dns_answer *a);

/*
 * Reads the answer to a question (name in lower case, without its last dot)
 * into *a, which the caller has zeroed and ends by dns_answer_clear():
 * status DNS_OK, DNS_NODATA, DNS_NXDOMAIN or, by the server's own
 * word, DNS_SERVFAIL; aliases are followed inside the message.  ttl is the
 * least on the way, or of a negative answer what RFC 2308 5 makes of the SOA
 * record (0 without one).  0, or -1 when the message is malformed or cut,
 * answers another question or is over one of these limits; *a is then as
 * before.
 */
int	 dnsmsg_answer(const uint8_t *msg, size_t len, const char *name,
	    int type, struct dns_answer *a);

#endif
