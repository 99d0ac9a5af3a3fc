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

#include <errno.h>

#include "store_export_int.h"

static void
put_value(FILE *fp, const unsigned char *p)
{
	for (; *p != '\0'; p++) {
		if (*p == '\\')
			fputs("\\\\", fp);
		else if (*p == '\t')
			fputs("\\t", fp);
		else if (*p == '\n')
			fputs("\\n", fp);
		else if (*p == '\r')
			fputs("\\r", fp);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(fp, "\\x%02x", *p);
		else
			fputc(*p, fp);
	}
}

static void
put_row(FILE *fp, const struct export_table *t, sqlite3_stmt *st)
{
	int	 i;

	fputs(t->name, fp);
	for (i = 0; i < EXPORT_COLUMNS && t->column[i].name != NULL; i++) {
		if (sqlite3_column_type(st, i) == SQLITE_NULL)
			continue;
		fprintf(fp, "\t%s=", t->column[i].name);
		if (t->column[i].max == 0)
			fprintf(fp, "%lld",
			    (long long)sqlite3_column_int64(st, i));
		else
			put_value(fp, sqlite3_column_text(st, i));
	}
	fputc('\n', fp);
}

static int
export_table(struct store *s, FILE *fp, const struct export_table *t,
    int flags, uint64_t *rows)
{
	sqlite3_stmt	*st;
	char		 sql[512] = "SELECT ";
	int		 i, ret;

	for (i = 0; i < EXPORT_COLUMNS && t->column[i].name != NULL; i++) {
		if (i > 0)
			(void)strlcat(sql, ", ", sizeof(sql));
		(void)strlcat(sql, t->column[i].name, sizeof(sql));
	}
	(void)strlcat(sql, " FROM ", sizeof(sql));
	(void)strlcat(sql, t->sandbox != NULL &&
	    (flags & STORE_EXPORT_SANDBOX) ? t->sandbox : t->name,
	    sizeof(sql));
	if (strlcat(sql, " ORDER BY 1, 2", sizeof(sql)) >= sizeof(sql))
		return db_fail(s, STORE_OTHER, "export: too many columns");
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_error(s, "export");
	while ((ret = db_step(s, st)) == 1) {
		put_row(fp, t, st);
		(*rows)++;
	}
	(void)sqlite3_finalize(st);
	return ret;
}

int
store_export(struct store *s, FILE *fp, int flags, uint64_t *rows)
{
	const struct export_table	*t;
	size_t				 i, n;
	int				 fixed, ret = 0;

	*rows = 0;
	if ((fixed = db_fix(s)) == -1)
		return -1;
	fprintf(fp, "relay-export %d\n", STORE_EXPORT_VERSION);
	t = export_tables(&n);
	for (i = 0; i < n && ret == 0; i++)
		if (!t[i].secret || !(flags & STORE_EXPORT_SANDBOX))
			ret = export_table(s, fp, &t[i], flags, rows);
	if (db_unfix(s, fixed, ret) == -1)
		return -1;
	fprintf(fp, "end %llu\n", (unsigned long long)*rows);
	if (ferror(fp) || fflush(fp) == EOF)
		return db_fail(s, errno == ENOSPC ? STORE_FULL : STORE_OTHER,
		    "export: %s", strerror(errno));
	return 0;
}
