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

/* What replyhdr.c and copyhdr.c put into the headers that they build. */

#ifndef HDRPUT_H
#define HDRPUT_H

#include "base/sbuf.h"
#include "header/summary.h"

#define REPLYHDR_MAX	131072	/* bytes of a header that is built */

struct replyhdr_addr {
	const char	*from;		/* address as it stands, any case */
	const char	*to;		/* what to write instead */
	const char	*name;		/* display name (UTF-8) or NULL */
};

struct replyhdr_id {
	const char	*from;		/* Message-Id that the worker saw */
	const char	*to;		/* the one that the outside knows */
};

/* How they are sent, and lists of them freed; see proc/ipcpack.h. */
extern const struct ipc_record	 replyhdr_addr_record;
extern const struct ipc_record	 replyhdr_id_record;

/* Takes what must not stand there out of a text: see struct replyhdr_plan. */
struct hdrput_scrub {
	int	(*scrub)(void *, const char *, size_t, struct sbuf *);
	void	*arg;
	int	 changed;	/* what it took, added up */
};

/*
 * Each appends to b; 0, or -1 when b is exhausted.  A field of the message
 * that cannot be written is left out.
 */

/* An unstructured field as it came, scrubbed (s may be NULL), if present. */
int	hdrput_text(struct sbuf *b, const struct header_summary *f,
	    const char *name, struct hdrput_scrub *s);

/* All kept fields of that name as they came. */
int	hdrput_raw(struct sbuf *b, const struct header_summary *f,
	    const char *name);

/* MIME-Version and Content-*: the ready lines of mime, or as they came. */
int	hdrput_mime(struct sbuf *b, const struct header_summary *f,
	    const char *mime);

/* "name: <id>"; -1 also when the id is none. */
int	hdrput_id(struct sbuf *b, const char *name, const char *id);

/*
 * A list of ids, each replaced as map says; others are kept or left out.  No
 * field when none is left; -1 also when map writes what is no id.
 */
int	hdrput_ids(struct sbuf *b, const char *name, const struct msgids *ids,
	    const struct replyhdr_id *map, size_t nmap, int keep_others);

/* The entry whose from is addr, or NULL. */
const struct replyhdr_addr *hdrput_find(const struct replyhdr_addr *map,
	    size_t nmap, const char *addr);

/* A list of addresses while it is built; init with zeroes and value. */
struct hdrput_list {
	struct sbuf	 value;
	struct addrlist	 seen;	/* every address stands once */
};

void	hdrput_list_init(struct hdrput_list *l);
void	hdrput_list_free(struct hdrput_list *l);

/*
 * Adds an address under a name (UTF-8, NULL for none) unless it was added
 * before, to this field or an earlier one.  -1 also when addr is none.
 */
int	hdrput_list_add(struct hdrput_list *l, const char *name,
	    const char *addr);

/* Writes what was added since the last one as a field; nothing: no field. */
int	hdrput_list_write(struct sbuf *b, struct hdrput_list *l,
	    const char *name);

/* Forgets which addresses were written. */
void	hdrput_list_forget(struct hdrput_list *l);

#endif
