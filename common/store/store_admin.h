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
 * What smtprelayctl changes and shows.  Callbacks get a structure that is
 * theirs only until they return; they return 0 to go on, else the walk ends
 * and its function returns -1 with kind STORE_REFUSED ("stopped").  They may
 * call other store functions.
 */

#ifndef STORE_ADMIN_H
#define STORE_ADMIN_H

#include "store/store.h"

struct store_mailbox {
	uint64_t	 id;
	char		 address[STORE_ADDR_MAX + 1];	/* lower case */
	char		 name[STORE_NAME_MAX + 1];	/* "" if none */
	char		 archive[STORE_ADDR_MAX + 1];	/* "" if none */
	time_t		 created;
	unsigned int	 members;
	unsigned int	 able;		/* members who are enabled */
	unsigned int	 open;		/* open conversations */
};

struct store_worker {
	uint32_t	 id;
	char		 name[STORE_WORKER_MAX + 1];	/* short */
	char		 display[STORE_NAME_MAX + 1];
	char		 login[STORE_LOGIN_MAX + 1];	/* "" if none */
	char		 address[STORE_ADDR_MAX + 1];	/* the first one */
	int		 enabled;
	time_t		 revoked;	/* tokens up to then are void; 0 */
	time_t		 created;
};

struct store_worker_addr {
	uint32_t	 worker;
	char		 address[STORE_ADDR_MAX + 1];	/* as typed */
	char		 folded[STORE_ADDR_MAX + 1];
	time_t		 failing;	/* since when, or 0 */
	char		 status[STORE_STATUS_MAX + 1];
	char		 diagnostic[STORE_DIAG_MAX + 1];
};

struct store_conversation {
	uint64_t	 id;
	uint64_t	 mailbox;
	char		 address[STORE_ADDR_MAX + 1];	/* the mailbox's */
	int		 open;
	uint32_t	 taken;		/* worker, or 0 */
	char		 taken_name[STORE_WORKER_MAX + 1];
	char		 subject[STORE_SUBJECT_MAX + 1];
	time_t		 created;
	time_t		 last;		/* last mail */
	unsigned int	 participants;
	unsigned int	 messages;
};

struct store_participant {
	uint64_t	 id;
	uint64_t	 conversation;
	char		 address[STORE_ADDR_MAX + 1];	/* as typed */
	char		 folded[STORE_ADDR_MAX + 1];
	char		 name[STORE_NAME_MAX + 1];
	int		 unverified;
};

enum store_msgkind {
	STORE_MSG_IN = 1,	/* from a participant */
	STORE_MSG_OUT,		/* a worker's reply to participants */
	STORE_MSG_TEAM		/* a worker's, to the team alone */
};

struct store_message {
	uint64_t	 id;
	uint64_t	 conversation;
	uint64_t	 mailbox;
	enum store_msgkind kind;
	time_t		 created;
	uint64_t	 participant;	/* author, or 0 */
	uint32_t	 worker;	/* author, or 0; 0 too once deleted */
	char		 author[STORE_ADDR_MAX + 1];	/* to show */
	char		 smtpd[STORE_SMTPD_MAX + 1];
	char		 outside[STORE_MSGID_MAX + 1];	/* to customers */
	char		 own[STORE_MSGID_MAX + 1];	/* as it was sent */
};

struct store_event {
	uint64_t	 id;
	time_t		 when;
	char		 kind[32];	/* "bounce", "refused", "reply", ... */
	uint64_t	 mailbox;	/* or 0, like the next two */
	uint64_t	 conversation;
	uint32_t	 worker;
	char		 text[STORE_TEXT_MAX + 1];
};

/* Numbers for `status'. */
struct store_counts {
	uint64_t	 mailboxes, workers, workers_disabled, failing;
	uint64_t	 conversations, conversations_open, participants;
	uint64_t	 handles_live, return_paths_live, messages;
	uint64_t	 copies_unqueued, replies_unqueued;
	uint64_t	 accounts, accounts_failing;
	uint64_t	 identities, identities_unverified;
	uint64_t	 bytes;		/* of the database file */
};

/*
 * Adds a mailbox.  address must lie in one of the n domains and be a dot-atom
 * without !#$%&'*?`{|}~ that begins with a letter or digit, no longer than
 * STORE_LOCAL_MAX before the @, and not have the form of a handle address or
 * return path; it must not be another mailbox or a worker's address.  name
 * and archive may be NULL or "".  What is against the rules is STORE_REFUSED.
 */
int	store_mailbox_add(struct store *s, const char *address,
	    const char *name, const char *archive,
	    const char *const *domains, size_t n, time_t now, uint64_t *id);

/* Deletes a mailbox with all its conversations: 1, or 0 if there is none. */
int	store_mailbox_del(struct store *s, uint64_t id);

/* Finds a mailbox by its address in any case, or by id. */
int	store_mailbox_get(struct store *s, const char *address,
	    struct store_mailbox *mb);
int	store_mailbox_byid(struct store *s, uint64_t id,
	    struct store_mailbox *mb);

/* Walks over all mailboxes by address; worker 0, or only that one's. */
int	store_mailbox_each(struct store *s, uint32_t worker,
	    int (*cb)(const struct store_mailbox *, void *), void *arg);

/* Makes a worker a member, or none: 1, or 0 if it was so already. */
int	store_mailbox_join(struct store *s, uint64_t mailbox, uint32_t worker,
	    time_t now);
int	store_mailbox_leave(struct store *s, uint64_t mailbox,
	    uint32_t worker);

/* Walks over a mailbox's members by name. */
int	store_mailbox_members(struct store *s, uint64_t mailbox,
	    int (*cb)(const struct store_worker *, void *), void *arg);

/*
 * Adds a worker.  name is 1 to STORE_WORKER_MAX letters, digits, - and _,
 * not beginning with -, unique in any case; login may be NULL or "", else it
 * is unique; addrs are n (1 to STORE_WORKER_ADDRS) private addresses, the
 * first of which gets the copies; none may be a mailbox's or another
 * worker's.  What is against the rules is STORE_REFUSED.
 */
int	store_worker_add(struct store *s, const char *name,
	    const char *display, const char *login, const char *const *addrs,
	    size_t n, time_t now, uint32_t *id);

/* Deletes a worker with addresses, handles and memberships: 1 or 0. */
int	store_worker_del(struct store *s, uint32_t id);

/*
 * Enables or disables a worker: 1 changed, 0 was so already.  To enable also
 * forgets that the worker's addresses failed.
 */
int	store_worker_enable(struct store *s, uint32_t id, int enabled);

/*
 * Voids every token issued to the worker up to now and every live handle.
 * Returns 1, or 0 if there is no such worker.
 */
int	store_worker_revoke(struct store *s, uint32_t id, time_t now);

/* Finds a worker: by short name, id, any address of theirs, or login. */
int	store_worker_get(struct store *s, const char *name,
	    struct store_worker *w);
int	store_worker_byid(struct store *s, uint32_t id,
	    struct store_worker *w);
int	store_worker_byaddr(struct store *s, const char *address,
	    struct store_worker *w);
int	store_worker_bylogin(struct store *s, const char *login,
	    struct store_worker *w);

/* The same where smtpd has folded it: any case, exactly this one first. */
int	store_worker_byuser(struct store *s, const char *login,
	    struct store_worker *w);

/* Walks over all workers by name. */
int	store_worker_each(struct store *s,
	    int (*cb)(const struct store_worker *, void *), void *arg);

/* Walks over the addresses of one worker, or of all (0). */
int	store_worker_addrs(struct store *s, uint32_t worker,
	    int (*cb)(const struct store_worker_addr *, void *), void *arg);

/* Finds a conversation by id. */
int	store_conversation_get(struct store *s, uint64_t id,
	    struct store_conversation *c);

/* Walks over conversations, newest mail first; mailbox 0 means all. */
int	store_conversation_each(struct store *s, uint64_t mailbox,
	    int (*cb)(const struct store_conversation *, void *), void *arg);

/* Opens or closes a conversation: 1 changed, 0 was so or is not there. */
int	store_conversation_open(struct store *s, uint64_t id, int open);

/* Says who works on it (0: nobody): 1, or 0 if it is not there. */
int	store_conversation_take(struct store *s, uint64_t id,
	    uint32_t worker);

/* Walks over a conversation's participants or messages, oldest first. */
int	store_conversation_people(struct store *s, uint64_t id,
	    int (*cb)(const struct store_participant *, void *), void *arg);
int	store_conversation_messages(struct store *s, uint64_t id,
	    int (*cb)(const struct store_message *, void *), void *arg);

/*
 * Forgets conversations whose last mail is older than before, at most max of
 * them (0: all).  Returns how many.
 */
int	store_conversation_prune(struct store *s, time_t before,
	    unsigned int max);

/*
 * Forgets what has had its time at now: conversations without mail for
 * retain seconds, expired return paths, reply records of 10 days, claims,
 * counters, old events.  At most max rows of each kind, so that nobody waits
 * for long; *more says whether there is more to do.
 */
int	store_expire(struct store *s, time_t now, time_t retain,
	    unsigned int max, int *more);

/* Adds a line to the log of events; id and when are set by the store. */
int	store_event_add(struct store *s, const struct store_event *ev,
	    time_t now);

/*
 * Walks over events with an id greater than after, oldest first; last > 0:
 * only the last so many of them.
 */
int	store_event_each(struct store *s, uint64_t after, unsigned int last,
	    int (*cb)(const struct store_event *, void *), void *arg);

/* Counts what there is at now. */
int	store_counts(struct store *s, time_t now, struct store_counts *c);

/* Is the worker a member of the mailbox now?  1, 0 or -1. */
int	store_is_member(struct store *s, uint64_t mailbox, uint32_t worker);

/* Is the address a mailbox or a worker's of ours?  1, 0 or -1. */
int	store_is_ours(struct store *s, const char *address);

#endif
