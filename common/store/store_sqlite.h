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

/* A store and a query under SQLite, for store_db.c and store_open.c. */

#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <sys/types.h>

#include <sqlite3.h>

#include "store/store.h"

#define STORE_STMTS	256		/* places for prepared statements */

struct db_query {
	const char	*sql;		/* the literal's address is the key;
					 * NULL: it is not kept */
	sqlite3_stmt	*stmt;
	int		 busy;
};

struct store {
	sqlite3		*db;
	struct store_err err;
	int		 flags;
	int		 depth;		/* of transactions; 0: none is open */
	int		 reading;	/* the open one only reads */
	int		 watch_fd;
	dev_t		 dev;		/* of the file that was opened */
	ino_t		 ino;
	char		 path[STORE_PATH_MAX + 1];
	struct db_query	 stmt[STORE_STMTS];
};

/* COMMIT and ROLLBACK, which are prepared before they are needed. */
extern const char	 db_commit[], db_rollback[];

#endif
