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
 * What the processes say to each other.  A frame's id is that of a
 * transaction, given out by the front, never 0 and never used again.
 *
 *	front -> keeper		MAIL, RCPT, COMMIT, END
 *	keeper -> front		RCPT_ANSWER, VERDICT
 *	both of these, too	proc/address_cache.h
 *	front -> engine		BEGIN, DATA, EOM, END
 *	engine -> front		OUT, CREDIT, REST, DONE, FAIL
 *	engine -> keeper	HEADER, FINISH
 *	keeper -> engine	PLAN, LISTFILE
 *	engine -> resolver	dnsipc.h
 */

#ifndef MESSAGES_H
#define MESSAGES_H

/* Roles for privsep. */
enum {
	ROLE_FRONT,
	ROLE_ENGINE,
	ROLE_KEEPER,
	ROLE_RESOLVER,
	ROLE_COUNT
};

enum {
	/* A struct envelope_question.  A transaction's first one announces it
	 * to the keeper; MAIL is asked where one of the last three flags is. */
	MSG_MAIL = 1,
	MSG_RCPT,
	/* u8 MSG_RCPT_*, str: the reply of MSG_RCPT_REFUSE; else the address
	 * to take in the sender's place, if MAIL was asked, or "" */
	MSG_RCPT_ANSWER,
	/* The message is complete, smtpd wants a word.  u32: how many
	 * recipients smtpd has taken, where the front was to count them. */
	MSG_COMMIT,
	/* str reply ("" to accept) */
	MSG_VERDICT,
	/* The transaction is over or given up. */
	MSG_END,
	/* A struct envelope. */
	MSG_BEGIN,
	/* Lines, each with its LF, dot-stuffed as smtpd has them. */
	MSG_DATA,
	/* The line with the dot came, or no more is to come after REST. */
	MSG_EOM,
	/* Lines for smtpd, in the same form. */
	MSG_OUT,
	/* u32: so many bytes of DATA more may be sent. */
	MSG_CREDIT,
	/* What was not sent yet need not be: it passes as it is.  EOM, please,
	 * and after DONE the rest goes to smtpd without us. */
	MSG_REST,
	/* All lines were sent; the dot may follow. */
	MSG_DONE,
	/* It cannot be judged now: 451. */
	MSG_FAIL,
	/* A struct header_summary, see header/summary.h. */
	MSG_HEADER,
	/* A struct plan, see verdict.h. */
	MSG_PLAN,
	/* A struct finish, see verdict.h. */
	MSG_FINISH,
	/* u32: which of the files of lists has changed; its text.  What the
	 * keeper says of a message comes after those that it has seen. */
	MSG_LISTFILE
};

/* Flags of MSG_RCPT. */
#define MSG_RCPT_OUTSIDE	0x02	/* another recipient is not ours */
#define MSG_RCPT_FOREIGN	0x04	/* this one is not in our domains */
#define MSG_RCPT_SUBMIT		0x08	/* of MAIL: one of our users' */
#define MSG_RCPT_JUDGE		0x10	/* of MAIL: the engine must see it, as
					 * it may come from elsewhere */
#define MSG_RCPT_GATE		0x20	/* of MAIL: it may be a gate's */

/* Answers to MSG_RCPT and MSG_MAIL. */
#define MSG_RCPT_PLAIN		0	/* this one is of no interest */
#define MSG_RCPT_ENGAGE		1	/* the engine must see the message */
#define MSG_RCPT_HANDLE		2	/* the same, and no one outside */
#define MSG_RCPT_REFUSE		3	/* with the reply */
#define MSG_RCPT_COUNT		4	/* of interest, but only at the end */

/* Limits of the traffic, in bytes. */
#define MSG_WINDOW		(64 * 1024)	/* DATA without CREDIT */
#define MSG_LINES_MAX		(32 * 1024)	/* of one DATA; a longer line
						 * comes alone */
#define MSG_FRONT_MAX		(256 * 1024)	/* a frame of the front */
#define MSG_KEEPER_MAX		(1024 * 1024)	/* to or of the keeper */

#endif
