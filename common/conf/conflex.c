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
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conflex.h"

struct conflex_input {
	char			*name;		/* NULL for a macro */
	char			*text;
	size_t			 len;
	size_t			 pos;
	int			 line;
	int			 fresh;		/* included, '\n' to come */
	SLIST_ENTRY(conflex_input) entry;
};

struct conflex_macro {
	char			*name;
	char			*value;
	SLIST_ENTRY(conflex_macro) entry;
};

struct conflex_text {
	SLIST_ENTRY(conflex_text) entry;
	char			 text[];
};

struct conflex {
	SLIST_HEAD(, conflex_input)	 inputs;
	SLIST_HEAD(, conflex_macro)	 macros;
	SLIST_HEAD(, conflex_text)	 texts;
	struct conf_errors		*errors;
	int				 inputs_open;
	int				 files;
	size_t				 expanded;
	int				 braces;	/* open now */
	int				 skip;		/* passing over */
	int				 skip_depth;
	int				 last;		/* token given out */
	int				 line;		/* of that token */
};

/* The innermost file being read, past the macros within it. */
static struct conflex_input *
open_file(const struct conflex *lex)
{
	struct conflex_input	*in;

	SLIST_FOREACH(in, &lex->inputs, entry)
		if (in->name != NULL)
			break;
	return in;
}

const char *
conflex_name(const struct conflex *lex)
{
	struct conflex_input	*in = open_file(lex);

	return in != NULL ? in->name : "relay.conf";
}

void
conflex_error(struct conflex *lex, int line, const char *fmt, ...)
{
	va_list			 ap;
	char			 what[1024];

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	conf_error(lex->errors, conflex_name(lex),
	    line != 0 ? line : lex->line, what);
}

/* Reads on in a copy of `text'.  Returns 0, or -1 after a report. */
static int
push_file(struct conflex *lex, const char *name, const char *text,
    size_t len)
{
	struct conflex_input	*in;

	if ((in = calloc(1, sizeof(*in))) == NULL ||
	    (name != NULL && (in->name = strdup(name)) == NULL) ||
	    (in->text = malloc(len + 1)) == NULL) {
		if (in != NULL)
			free(in->name);
		free(in);
		conflex_error(lex, 0, "no memory");
		return -1;
	}
	memcpy(in->text, text, len);
	in->text[len] = '\0';
	in->len = len;
	in->line = 1;
	SLIST_INSERT_HEAD(&lex->inputs, in, entry);
	lex->inputs_open++;
	return 0;
}

static void
pop_file(struct conflex *lex)
{
	struct conflex_input	*in = SLIST_FIRST(&lex->inputs);

	SLIST_REMOVE_HEAD(&lex->inputs, entry);
	lex->inputs_open--;
	free(in->name);
	free(in->text);
	free(in);
}

struct conflex *
conflex_new(const char *name, const char *text, size_t len,
    struct conf_errors *errors)
{
	struct conflex	*lex;

	if ((lex = calloc(1, sizeof(*lex))) == NULL)
		return NULL;
	SLIST_INIT(&lex->inputs);
	SLIST_INIT(&lex->macros);
	SLIST_INIT(&lex->texts);
	lex->errors = errors;
	lex->last = '\n';
	lex->line = 1;
	lex->files = 1;
	if (push_file(lex, name, text, len) == -1) {
		free(lex);
		return NULL;
	}
	return lex;
}

void
conflex_free(struct conflex *lex)
{
	struct conflex_macro	*m;
	struct conflex_text	*t;

	if (lex == NULL)
		return;
	while (!SLIST_EMPTY(&lex->inputs))
		pop_file(lex);
	while ((m = SLIST_FIRST(&lex->macros)) != NULL) {
		SLIST_REMOVE_HEAD(&lex->macros, entry);
		free(m->name);
		free(m->value);
		free(m);
	}
	while ((t = SLIST_FIRST(&lex->texts)) != NULL) {
		SLIST_REMOVE_HEAD(&lex->texts, entry);
		free(t);
	}
	free(lex);
}

int
conflex_line(const struct conflex *lex)
{
	return lex->line;
}

void
conflex_skip(struct conflex *lex, int depth)
{
	if (lex->braces < 0)
		lex->braces = 0;
	if (lex->last == '}' && lex->braces < depth) {
		/* The brace closes the block: give it out once more. */
		(void)push_file(lex, NULL, "\n}", 2);
		lex->braces++;
		return;
	}
	if (lex->last == '\n' && lex->braces <= depth)
		return;
	lex->skip = 1;
	lex->skip_depth = depth;
}

int
conflex_include(struct conflex *lex, const char *path)
{
	struct conflex_input	*in;
	char			 full[PATH_MAX], why[128];
	char			*text;
	size_t			 len;
	int			 r;

	if (conf_relative(conflex_name(lex), path, full,
	    sizeof(full)) == -1) {
		conflex_error(lex, 0, "name of included file is too long");
		return -1;
	}
	(void)snprintf(why, sizeof(why), "more than %d files, or more than "
	    "%d in each other", CONFLEX_FILES_MAX, CONFLEX_DEPTH_MAX);
	text = NULL;
	SLIST_FOREACH(in, &lex->inputs, entry)
		if (in->name != NULL && strcmp(in->name, full) == 0)
			break;
	if (in != NULL)
		(void)strlcpy(why, "that file is being read", sizeof(why));
	else if (lex->inputs_open < CONFLEX_DEPTH_MAX &&
	    lex->files < CONFLEX_FILES_MAX)
		text = conf_read(full, &len, why, sizeof(why));
	if (text == NULL) {
		conflex_error(lex, 0, "include \"%s\": %s", path, why);
		return -1;
	}
	lex->files++;
	r = push_file(lex, full, text, len);
	free(text);
	if (r == -1)
		return -1;
	SLIST_FIRST(&lex->inputs)->fresh = 1;
	return 0;
}

int
conflex_define(struct conflex *lex, const char *name, const char *value)
{
	struct conflex_macro	*m;
	char			*copy;

	if ((copy = strdup(value)) == NULL)
		return -1;
	SLIST_FOREACH(m, &lex->macros, entry)
		if (strcmp(m->name, name) == 0) {
			free(m->value);
			m->value = copy;
			return 0;
		}
	if ((m = calloc(1, sizeof(*m))) == NULL ||
	    (m->name = strdup(name)) == NULL) {
		free(copy);
		free(m);
		return -1;
	}
	m->value = copy;
	SLIST_INSERT_HEAD(&lex->macros, m, entry);
	return 0;
}

/* Keeps a string of `len' bytes until the end; NULL after a report. */
static char *
keep_text(struct conflex *lex, const char *s, size_t len)
{
	struct conflex_text	*t;

	if ((t = malloc(sizeof(*t) + len + 1)) == NULL) {
		conflex_error(lex, 0, "no memory");
		return NULL;
	}
	memcpy(t->text, s, len);
	t->text[len] = '\0';
	SLIST_INSERT_HEAD(&lex->texts, t, entry);
	return t->text;
}

const char *
conflex_join(struct conflex *lex, const char *a, const char *b)
{
	char	 both[CONFLEX_WORD_MAX];
	int	 r;

	r = snprintf(both, sizeof(both), "%s %s", a, b);
	if (r < 0 || (size_t)r >= sizeof(both)) {
		conflex_error(lex, 0, "value is longer than %d bytes",
		    CONFLEX_WORD_MAX - 1);
		return a;
	}
	return keep_text(lex, both, (size_t)r);
}

/* The next byte without taking it, -1 at the end of this input. */
static int
peek_char(const struct conflex_input *in, size_t ahead)
{
	if (in->len - in->pos <= ahead)
		return -1;
	return (unsigned char)in->text[in->pos + ahead];
}

static int
is_wordchar(int c)
{
	return c != -1 && c < 0x80 &&
	    (isalnum(c) || strchr("-_./:@+*%", c) != NULL) && c != '\0';
}

/*
 * Passes over blanks, comments and lines joined with a backslash; a
 * backslash joins comments too, as elsewhere in this family of files.
 */
static void
skip_blank(struct conflex_input *in)
{
	int	 c, comment = 0;

	while ((c = peek_char(in, 0)) != -1) {
		if (c == '\\' && peek_char(in, 1) == '\n') {
			in->pos++;
			in->line++;
		} else if (c == '#')
			comment = 1;
		else if (c == '\n' ||
		    (!comment && c != ' ' && c != '\t' && c != '\r'))
			return;
		in->pos++;
	}
}

/* Passes over the rest of a line whose quotes cannot be trusted. */
static int
skip_tail(struct conflex_input *in)
{
	int	 c;

	while ((c = peek_char(in, 0)) != -1 && c != '\n')
		in->pos++;
	return CONFLEX_BAD;
}

/* A string in quotes; the first quote is next. */
static int
read_quoted(struct conflex *lex, struct conflex_input *in,
    const char **value)
{
	char	 buf[CONFLEX_WORD_MAX];
	size_t	 n = 0;
	int	 c, quote = (unsigned char)in->text[in->pos++];

	while ((c = peek_char(in, 0)) != quote) {
		if (c == -1 || c == '\n') {
			conflex_error(lex, 0, "the string that begins here "
			    "is not closed, expected %c", quote);
			return CONFLEX_BAD;
		}
		in->pos++;
		if (c == '\\' && (peek_char(in, 0) == quote ||
		    peek_char(in, 0) == '\\'))
			c = (unsigned char)in->text[in->pos++];
		else if (c == '\\' && peek_char(in, 0) == '\n') {
			in->pos++;
			in->line++;
			continue;
		}
		if (c == 0x7f || (c < 0x20 && c != '\t')) {
			conflex_error(lex, 0, "control character in a string");
			return skip_tail(in);
		}
		if (n >= sizeof(buf) - 1) {
			conflex_error(lex, 0, "string is longer than %zu "
			    "bytes", sizeof(buf) - 1);
			return skip_tail(in);
		}
		buf[n++] = (char)c;
	}
	in->pos++;
	*value = keep_text(lex, buf, n);
	return *value == NULL ? CONFLEX_BAD : CONFLEX_STRING;
}

/* A $name; what it stands for is read next.  Returns 0 or -1. */
static int
expand_macro(struct conflex *lex, struct conflex_input *in)
{
	struct conflex_macro	*m;
	size_t			 n = 1, len;
	int			 c;

	while ((c = peek_char(in, n)) != -1 && c < 0x80 &&
	    (isalnum(c) || c == '_'))
		n++;
	SLIST_FOREACH(m, &lex->macros, entry)
		if (strlen(m->name) == n - 1 &&
		    strncmp(m->name, in->text + in->pos + 1, n - 1) == 0)
			break;
	if (m == NULL) {
		conflex_error(lex, 0, "macro \"%.*s\" is not defined",
		    (int)(n > 64 ? 64 : n), in->text + in->pos);
		in->pos += n;
		return -1;
	}
	in->pos += n;
	len = strlen(m->value);
	if (lex->inputs_open >= CONFLEX_DEPTH_MAX ||
	    lex->expanded + len > CONFLEX_EXPAND_MAX) {
		conflex_error(lex, 0, "macro \"%s\" contains itself, or is "
		    "used too often", m->name);
		return -1;
	}
	lex->expanded += len;
	return push_file(lex, NULL, m->value, len);
}

/* A bare word, or a macro's name when the line goes on with `='. */
static int
read_word(struct conflex *lex, struct conflex_input *in, const char **value)
{
	size_t	 start = in->pos;
	int	 first = lex->last == '\n';

	while (is_wordchar(peek_char(in, 0)))
		in->pos++;
	if (in->pos - start >= CONFLEX_WORD_MAX)
		conflex_error(lex, 0, "word is longer than %d bytes",
		    CONFLEX_WORD_MAX - 1);
	else
		*value = keep_text(lex, in->text + start, in->pos - start);
	if (*value == NULL)
		return CONFLEX_BAD;
	skip_blank(in);
	return first && peek_char(in, 0) == '=' ?
	    CONFLEX_MACRO : CONFLEX_WORD;
}

/* One token, braces not yet counted; -1 when there is to be another try. */
static int
read_token(struct conflex *lex, const char **value)
{
	struct conflex_input	*in = SLIST_FIRST(&lex->inputs);
	int			 c;

	if (in->fresh) {
		in->fresh = 0;
		return '\n';
	}
	skip_blank(in);
	lex->line = open_file(lex)->line;
	if ((c = peek_char(in, 0)) == -1) {
		if (in->name != NULL && lex->last != '\n')
			return '\n';
		if (SLIST_NEXT(in, entry) == NULL)
			return CONFLEX_EOF;
		pop_file(lex);
		return -1;
	}
	if (c == '"' || c == '\'')
		return read_quoted(lex, in, value);
	if (c == '$')
		return expand_macro(lex, in) == -1 ? CONFLEX_BAD : -1;
	if (is_wordchar(c))
		return read_word(lex, in, value);
	in->pos++;
	if (c == '\n')
		in->line++;
	else if (c >= 0x7f || c < 0x20) {
		conflex_error(lex, 0, "byte 0x%02x outside of a string", c);
		return CONFLEX_BAD;
	}
	return c;
}

int
conflex_next(struct conflex *lex, const char **value)
{
	int	 token;

	for (;;) {
		*value = NULL;
		if ((token = read_token(lex, value)) == -1)
			continue;
		lex->last = token;
		if (token == '{')
			lex->braces++;
		else if (token == '}')
			lex->braces--;
		if (token == CONFLEX_EOF)
			return token;
		if (!lex->skip)
			return token;
		if (token == '}' && lex->braces < lex->skip_depth) {
			lex->skip = 0;
			conflex_skip(lex, lex->skip_depth);
		} else if (token == '\n' && lex->braces <= lex->skip_depth) {
			lex->skip = 0;
			return token;
		}
	}
}
