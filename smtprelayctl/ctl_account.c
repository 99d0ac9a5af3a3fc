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

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <bsd/readpassphrase.h>
#else
#include <readpassphrase.h>
#endif

#include "conf/conf.h"
#include "crypto/keys.h"
#include "crypto/oauthtext.h"
#include "ctl.h"
#include "ctl_account.h"
#include "ctl_store.h"
#include "ctlcmd.h"
#include "store/account_seal.h"
#include "store/account_url.h"
#include "store/sender.h"

#define ROOM	(ACCOUNT_SEAL_PASSWORD_MAX + 2)

/*
 * One line without its end, byte by byte: what follows is not ours.  Its
 * length, or -1 when it is too long or cannot be read.
 */
static ssize_t
get_line(int fd, char *buf, size_t size)
{
	size_t	 len = 0;
	ssize_t	 n;
	char	 c;

	while ((n = read(fd, &c, 1)) == 1 && c != '\n') {
		if (len == size - 1)
			return -1;
		buf[len++] = c;
	}
	if (n == -1)
		return -1;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	buf[len] = '\0';
	return (ssize_t)len;
}

/* What smtpd's lines and AUTH PLAIN (RFC 4616 section 2) can carry. */
static int
fits(const char *p, size_t len)
{
	size_t	 i;

	if (len == 0 || len > ACCOUNT_SEAL_PASSWORD_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return 0;
	return 1;
}

/*
 * Asks for a password on the terminal, with `prompt', or reads the first
 * line of standard input when that is no terminal.  Returns it, to be given
 * to account_seal_wipe(), or NULL after saying why.
 */
static char *
ask_password(struct ctl *ctl, const char *prompt)
{
	char	*buf;
	ssize_t	 len = -1;

	if ((buf = calloc(1, ROOM)) == NULL) {
		(void)ctl_fail(ctl, "%s", strerror(errno));
		return NULL;
	}
	if (!isatty(STDIN_FILENO))
		len = get_line(STDIN_FILENO, buf, ROOM);
	else if (readpassphrase(prompt, buf, ROOM, RPP_ECHO_OFF) != NULL)
		len = (ssize_t)strlen(buf);
	/* A NUL byte would end it early, unnoticed. */
	if (len >= 0 && strlen(buf) == (size_t)len && fits(buf, (size_t)len))
		return buf;
	(void)ctl_fail(ctl, "no password: expected one of 1 to %d bytes "
	    "without control characters, on the terminal or as the first "
	    "line of standard input", ACCOUNT_SEAL_PASSWORD_MAX);
	freezero(buf, ROOM);
	return NULL;
}

/* The whole of a file: 0, or -1 with errno. */
static int
get_file(const char *path, char *buf, size_t size)
{
	struct stat	 st;
	size_t		 len = 0;
	ssize_t		 n = 0;
	int		 fd = STDIN_FILENO;

	if (strcmp(path, "-") != 0 &&
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return -1;
	if (fd != STDIN_FILENO && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		(void)fprintf(stderr, "smtprelayctl: warning: others can "
		    "read %s (chmod 600, or remove it when it is sealed)\n",
		    path);
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	if (fd != STDIN_FILENO)
		close(fd);
	if (n == -1)
		return -1;
	if (len == size) {
		errno = EFBIG;
		return -1;
	}
	buf[len] = '\0';
	return 0;
}

/*
 * Reads OAuth 2 data from the file at path, "-" for standard input, and
 * checks them.  Returns them as oauthtext_format() writes them, to be given
 * to account_seal_wipe(), or NULL after saying why.
 */
static char *
read_oauth(struct ctl *ctl, const char *path)
{
	struct oauthtext	 o;
	char			*text, why[256];
	int			 ok = 0;

	if ((text = calloc(1, OAUTHTEXT_MAX + 1)) == NULL ||
	    get_file(path, text, OAUTHTEXT_MAX + 1) == -1)
		(void)ctl_fail(ctl, "%s: %s", path, strerror(errno));
	else {
		ok = oauthtext_parse(&o, text, why, sizeof(why)) == 0;
		if (ok && (!oauthtext_roomy(&o) ||
		    oauthtext_format(&o, text, OAUTHTEXT_MAX + 1) == -1)) {
			(void)strlcpy(why, "too long: there must be room for "
			    "another refresh token of 4096 bytes in 8192",
			    sizeof(why));
			ok = 0;
		}
		if (!ok)
			(void)ctl_fail(ctl, "%s: %s", path, why);
		oauthtext_free(&o);
	}
	if (ok)
		return text;
	freezero(text, text == NULL ? 0 : OAUTHTEXT_MAX + 1);
	return NULL;
}

/* How accounts and identities are shown. */

#define SHRED_MS	1000	/* to wait for those who read */

struct walk {
	struct ctl	*ctl;
	struct store	*s;
	struct keys	*keys;		/* NULL: not for this user */
	uint64_t	 account;	/* whose identities */
};

int
ctl_end_shred(struct ctl *ctl, struct store *s, int status)
{
	if (status == CTL_OK && store_commit(s) == -1)
		status = ctl_store_fail(ctl, s);
	if (status != CTL_OK)
		store_rollback(s);
	else {
		store_timeout(s, SHRED_MS);
		(void)store_shred(s);
	}
	store_close(s);
	return status;
}

static const char *
state(const struct store_account *acc, int opens)
{
	if (opens == 0)
		return "sealed";
	if (acc->failures > 0)
		return "failing";
	return acc->succeeded != 0 ? "works" : "untried";
}

static void
json_text(struct ctl *ctl, const char *name, const char *text)
{
	json_string(&ctl->js, name, text[0] != '\0' ? text : NULL);
}

void
ctl_json_account(struct ctl *ctl, const char *name,
    const struct store_account *acc, int opens, unsigned int identities)
{
	static const char *const	 auth[] = { NULL, "password", "oauth" };
	char				 url[ACCOUNT_URL_MAX * 2];

	if (account_url_format(acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)acc->id);
	json_string(&ctl->js, "account", acc->name);
	json_text(ctl, "url", url);
	json_string(&ctl->js, "transport",
	    store_transport_name(acc->transport));
	json_text(ctl, "host", acc->host);
	json_int(&ctl->js, "port", acc->port);
	json_text(ctl, "user", acc->user);
	json_string(&ctl->js, "login", auth[acc->auth]);
	json_bool(&ctl->js, "allowed", acc->transport == STORE_NULL ||
	    conf_host_allowed(ctl->conf, acc->host, acc->port));
	json_int(&ctl->js, "identities", identities);
	ctl_json_time(ctl, "created", acc->created);
	ctl_json_time(ctl, "changed", acc->changed);
	json_string(&ctl->js, "state", state(acc, opens));
	json_int(&ctl->js, "failures", acc->failures);
	json_text(ctl, "stage", acc->stage);
	json_text(ctl, "reason", acc->reason);
	ctl_json_time(ctl, "failed", acc->failed);
	ctl_json_time(ctl, "retry", acc->retry);
	ctl_json_time(ctl, "succeeded", acc->succeeded);
	json_end(&ctl->js);
}

/* 1, 0 or -1 as ctl_json_account() wants it. */
static int
can_open(struct walk *w, const struct store_account *acc)
{
	char	*secret;
	int	 ret;

	if (acc->auth == STORE_AUTH_NONE)
		return 1;
	if (w->keys == NULL)
		return -1;
	ret = account_seal_read(w->keys, w->s, acc, &secret);
	account_seal_wipe(secret);
	return ret;
}

static void
say_state(struct ctl *ctl, const struct store_account *acc, int opens)
{
	char	 when[32], then[32];

	if (opens == 0)
		ctl_say(ctl, "\tSEALED under a key that is not in %s: add it "
		    "again", ctl->conf->key);
	if (acc->failures > 0)
		ctl_say(ctl, "\tFAILING at %s, %u %s, last at %s: %s",
		    acc->stage, acc->failures, acc->failures == 1 ? "time" :
		    "times", ctl_time(acc->failed, when,
		    sizeof(when)), acc->reason);
	if (acc->failures > 0 && acc->retry != 0)
		ctl_say(ctl, "\ttried again at %s", ctl_time(acc->retry, then,
		    sizeof(then)));
	if (acc->transport != STORE_NULL &&
	    !conf_host_allowed(ctl->conf, acc->host, acc->port))
		ctl_say(ctl, "\tNOT ALLOWED: %s does not list its server "
		    "under hosts", ctl->path);
}

static int
list_one(const struct store_account *acc, void *arg)
{
	struct walk	*w = arg;
	struct ctl	*ctl = w->ctl;
	char		 url[ACCOUNT_URL_MAX * 2];
	unsigned int	 n;
	int		 opens = can_open(w, acc);

	if (store_account_uses(w->s, acc->id, &n) == -1)
		return -1;
	if (account_url_format(acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	ctl_say(ctl, "%s\t%s\t%u identit%s\t%s%s", acc->name, url,
	    n, n == 1 ? "y" : "ies",
	    state(acc, opens), acc->auth == STORE_AUTH_OAUTH ? ", OAuth" : "");
	say_state(ctl, acc, opens);
	ctl_json_account(ctl, NULL, acc, opens, n);
	return 0;
}

/* Opens keys and database; members of the group may not be able to. */
static int
begin(struct ctl *ctl, struct walk *w)
{
	char	 err[512];

	memset(w, 0, sizeof(*w));
	w->ctl = ctl;
	w->keys = keys_open(ctl->conf->key, err, sizeof(err));
	if ((w->s = ctl_begin(ctl, 0)) != NULL)
		return CTL_OK;
	keys_free(w->keys);
	return CTL_FAIL;
}

int
ctl_account_list(struct ctl *ctl)
{
	struct walk	 w;
	int		 status = CTL_OK;

	if (begin(ctl, &w) != CTL_OK)
		return CTL_FAIL;
	json_object(&ctl->js, NULL);
	json_array(&ctl->js, "accounts");
	if (store_account_each(w.s, list_one, &w) == -1)
		status = ctl_store_fail(ctl, w.s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	keys_free(w.keys);
	return ctl_end(ctl, w.s, status);
}

static int
show_identity(const struct store_identity *idt, void *arg)
{
	struct walk	*w = arg;

	if (idt->account != w->account)
		return 0;
	ctl_say_identity(w->ctl, idt);
	ctl_json_identity(w->ctl, NULL, idt);
	return 0;
}

static int
show(struct ctl *ctl, struct walk *w)
{
	struct store_account	 acc;
	char			 url[ACCOUNT_URL_MAX * 2], when[32];
	unsigned int		 n;
	int			 opens, status;

	status = ctl_find_account(ctl, w->s, ctl->arg[0], &acc);
	if (status != CTL_OK)
		return status;
	if (store_account_uses(w->s, acc.id, &n) == -1)
		return ctl_store_fail(ctl, w->s);
	w->account = acc.id;
	opens = can_open(w, &acc);
	if (account_url_format(&acc, url, sizeof(url)) == -1)
		url[0] = '\0';
	ctl_say(ctl, "account\t%s", acc.name);
	ctl_say(ctl, "URL\t%s", url);
	ctl_say(ctl, "login\t%s", acc.auth == STORE_AUTH_NONE ? "none" :
	    acc.auth == STORE_AUTH_OAUTH ? "OAuth" : "password");
	ctl_say(ctl, "created\t%s", ctl_time(acc.created, when,
	    sizeof(when)));
	ctl_say(ctl, "changed\t%s", ctl_time(acc.changed, when,
	    sizeof(when)));
	ctl_say(ctl, "worked\t%s", ctl_time(acc.succeeded, when,
	    sizeof(when)));
	ctl_say(ctl, "state\t%s", state(&acc, opens));
	say_state(ctl, &acc, opens);
	json_object(&ctl->js, NULL);
	ctl_json_account(ctl, "account", &acc, opens, n);
	json_array(&ctl->js, "identities");
	if (store_identity_each(w->s, NULL, show_identity, w) == -1)
		return ctl_store_fail(ctl, w->s);
	json_end(&ctl->js);
	json_end(&ctl->js);
	return CTL_OK;
}

int
ctl_account_show(struct ctl *ctl)
{
	struct walk	 w;
	int		 status;

	if (begin(ctl, &w) != CTL_OK)
		return CTL_FAIL;
	status = show(ctl, &w);
	keys_free(w.keys);
	return ctl_end(ctl, w.s, status);
}

void
ctl_json_identity(struct ctl *ctl, const char *name,
    const struct store_identity *idt)
{
	json_object(&ctl->js, name);
	json_int(&ctl->js, "id", (int64_t)idt->id);
	json_string(&ctl->js, "user", idt->user);
	json_string(&ctl->js, "address", idt->address);
	json_text(ctl, "account", idt->account_name);
	ctl_json_time(ctl, "verified", idt->verified);
	ctl_json_time(ctl, "code_expires", idt->expires);
	json_int(&ctl->js, "wrong_codes", idt->tries);
	json_text(ctl, "bounced", idt->bounced);
	ctl_json_time(ctl, "created", idt->created);
	json_end(&ctl->js);
}

void
ctl_say_identity(struct ctl *ctl, const struct store_identity *idt)
{
	const char	*note = "";
	time_t		 now = time(NULL);

	if (sender_identity_void(ctl->conf, idt))
		note = "\tVOID: a domain of relay.conf is nobody's identity";
	else if (idt->verified == 0 && idt->expires == 0)
		note = "\tNOT VERIFIED: add it again for a code";
	else if (idt->verified == 0 && (idt->expires <= now ||
	    idt->tries >= STORE_CODE_TRIES))
		note = "\tNOT VERIFIED: its code is void, add it again";
	else if (idt->verified == 0)
		note = "\tNOT VERIFIED: it waits for its code";
	ctl_say(ctl, "%s\t%s\t%s%s", idt->user, idt->address,
	    idt->account != 0 ? idt->account_name : "-", note);
	if (idt->verified == 0 && idt->bounced[0] != '\0')
		ctl_say(ctl, "\tthe mail with its code came back: %s",
		    idt->bounced);
}

int
ctl_find_account(struct ctl *ctl, struct store *s, const char *name,
    struct store_account *acc)
{
	switch (store_account_get(s, name, acc)) {
	case 1:
		return CTL_OK;
	case 0:
		return ctl_fail(ctl, "there is no account %s (smtprelayctl "
		    "account list)", name);
	}
	return ctl_store_fail(ctl, s);
}

int
ctl_account_allowed(struct ctl *ctl, const struct store_account *acc)
{
	char	 server[ACCOUNT_URL_MAX + 1];

	if (acc->transport == STORE_NULL ||
	    conf_host_allowed(ctl->conf, acc->host, acc->port))
		return CTL_OK;
	if (account_url_server(acc, server, sizeof(server)) == -1)
		server[0] = '\0';
	return ctl_fail(ctl, "%s: %s does not list this server under hosts",
	    server, ctl->path);
}

/* Takes name and URL, and checks what can be checked without a secret. */
static int
describe(struct ctl *ctl, struct store_account *acc)
{
	const char	*bad, *oauth = ctl->opt['o'];
	char		 why[256];

	memset(acc, 0, sizeof(*acc));
	if ((bad = store_account_misnamed(ctl->arg[0])) != NULL)
		return ctl_usage(ctl, "%s: %s", ctl->arg[0], bad);
	(void)strlcpy(acc->name, ctl->arg[0], sizeof(acc->name));
	/* The URL is not quoted: somebody may have put a password there. */
	if (account_url_parse(ctl->arg[1], acc, why, sizeof(why)) == -1)
		return ctl_usage(ctl, "the URL of account %s: %s", acc->name,
		    why);
	if (oauth != NULL && acc->auth == STORE_AUTH_NONE)
		return ctl_usage(ctl, "-o: %s logs in nowhere", ctl->arg[1]);
	if (oauth != NULL)
		acc->auth = STORE_AUTH_OAUTH;
	if (!ctl->conf->outbound.alternates)
		(void)fprintf(stderr, "smtprelayctl: warning: %s does not say "
		    "\"alternates allow\": no mail leaves through accounts\n",
		    ctl->path);
	return ctl_account_allowed(ctl, acc);
}

/* Asks for the secret and seals it: text to be freed, or NULL. */
static char *
seal(struct ctl *ctl, const struct store_account *acc)
{
	struct keys	*keys;
	char		*secret, *sealed = NULL, server[ACCOUNT_URL_MAX + 1];
	char		 prompt[ACCOUNT_URL_MAX + 400], err[512];

	/* Nobody shall type a password in vain. */
	if ((keys = keys_open(ctl->conf->key, err, sizeof(err))) == NULL) {
		(void)ctl_fail(ctl, "%s", err);
		return NULL;
	}
	if (account_url_server(acc, server, sizeof(server)) == -1)
		server[0] = '\0';
	(void)snprintf(prompt, sizeof(prompt), "Password of %s at %s: ",
	    acc->user, server);
	secret = acc->auth == STORE_AUTH_OAUTH ?
	    read_oauth(ctl, ctl->opt['o']) : ask_password(ctl, prompt);
	if (secret != NULL &&
	    ((sealed = malloc(STORE_SECRET_MAX + 1)) == NULL ||
	    account_seal_close(keys, acc, secret, sealed,
	    STORE_SECRET_MAX + 1) == -1)) {
		(void)ctl_fail(ctl, "the secret cannot be sealed");
		free(sealed);
		sealed = NULL;
	}
	account_seal_wipe(secret);
	keys_free(keys);
	return sealed;
}

int
ctl_account_add(struct ctl *ctl)
{
	struct store_account	 acc;
	struct store		*s;
	char			*sealed = NULL;
	unsigned int		 n = 0;
	int			 made = 0, status;

	if ((status = describe(ctl, &acc)) != CTL_OK)
		return status;
	if (acc.auth != STORE_AUTH_NONE &&
	    (sealed = seal(ctl, &acc)) == NULL)
		return CTL_FAIL;
	if ((s = ctl_begin(ctl, 1)) == NULL) {
		free(sealed);
		return CTL_FAIL;
	}
	if ((made = store_account_put(s, &acc, sealed, time(NULL))) == -1 ||
	    store_account_byid(s, acc.id, &acc) != 1 ||
	    store_account_uses(s, acc.id, &n) == -1)
		status = ctl_store_fail(ctl, s);
	free(sealed);
	if ((status = ctl_end_shred(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	ctl_json_account(ctl, "account", &acc, 1, n);
	json_bool(&ctl->js, "changed", !made);
	json_end(&ctl->js);
	ctl_say(ctl, "%s is %s", acc.name, made ? "an account now" :
	    "changed: what leaves through it from now on uses this server "
	    "and login");
	return CTL_OK;
}

int
ctl_account_del(struct ctl *ctl)
{
	struct store_account	 acc;
	struct store		*s;
	int			 status;

	if ((s = ctl_begin(ctl, 1)) == NULL)
		return CTL_FAIL;
	status = ctl_find_account(ctl, s, ctl->arg[0], &acc);
	if (status == CTL_OK && store_account_del(s, acc.id) == -1)
		status = ctl_store_fail(ctl, s);
	if ((status = ctl_end_shred(ctl, s, status)) != CTL_OK)
		return status;
	json_object(&ctl->js, NULL);
	json_string(&ctl->js, "account", acc.name);
	json_bool(&ctl->js, "changed", 1);
	json_end(&ctl->js);
	ctl_say(ctl, "%s is deleted", acc.name);
	return CTL_OK;
}
