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

#include <stdio.h>

#include "store_int.h"

/*
 * Each step brings a store from one version to the next and is never
 * changed once released; a change is a new step at the end.  Whatever is a
 * recipient of ours (mailbox, handle, return path) logs itself in `change'
 * by triggers, so that no writer can forget to.
 */
static const char *const	 steps[] = {
	/* 1: the beginning */
	"CREATE TABLE address ("	/* an address is one thing only */
	"  folded TEXT PRIMARY KEY,"
	"  kind TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE mailbox ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  address TEXT NOT NULL UNIQUE,"
	"  name TEXT,"
	"  archive TEXT,"
	"  created INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE worker ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT"
	"    CHECK (id BETWEEN 1 AND 4294967295),"
	"  name TEXT NOT NULL COLLATE NOCASE UNIQUE,"
	"  display TEXT,"
	"  login TEXT UNIQUE,"
	"  enabled INTEGER NOT NULL DEFAULT 1,"
	"  revoked INTEGER NOT NULL DEFAULT 0,"
	"  created INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE worker_address ("
	"  id INTEGER PRIMARY KEY,"
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  address TEXT NOT NULL,"
	"  folded TEXT NOT NULL UNIQUE,"
	"  failing INTEGER,"
	"  status TEXT,"
	"  diagnostic TEXT"
	") STRICT;"
	"CREATE INDEX worker_address_worker ON worker_address (worker, id);"
	"CREATE TABLE member ("
	"  mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,"
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  since INTEGER NOT NULL,"
	"  PRIMARY KEY (mailbox, worker)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX member_worker ON member (worker);"
	"CREATE TABLE conversation ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,"
	"  open INTEGER NOT NULL DEFAULT 1,"
	"  taken INTEGER REFERENCES worker ON DELETE SET NULL,"
	"  subject TEXT,"
	"  created INTEGER NOT NULL,"
	"  last INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX conversation_mailbox ON conversation (mailbox, last);"
	"CREATE INDEX conversation_last ON conversation (last);"
	"CREATE INDEX conversation_open ON conversation (mailbox)"
	"  WHERE open = 1;"
	"CREATE INDEX conversation_taken ON conversation (taken)"
	"  WHERE taken IS NOT NULL;"
	"CREATE TABLE participant ("
	"  id INTEGER PRIMARY KEY,"
	"  conversation INTEGER NOT NULL REFERENCES conversation"
	"    ON DELETE CASCADE,"
	"  address TEXT NOT NULL,"
	"  folded TEXT NOT NULL,"
	"  name TEXT,"
	"  unverified INTEGER NOT NULL DEFAULT 0,"
	"  created INTEGER NOT NULL,"
	"  UNIQUE (conversation, folded)"
	") STRICT;"
	"CREATE TABLE handle ("
	"  id INTEGER PRIMARY KEY,"
	"  address TEXT NOT NULL UNIQUE,"
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  conversation INTEGER NOT NULL REFERENCES conversation"
	"    ON DELETE CASCADE,"
	"  participant INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  expires INTEGER NOT NULL,"
	"  revoked INTEGER NOT NULL DEFAULT 0,"
	"  current INTEGER NOT NULL DEFAULT 1"
	") STRICT;"
	"CREATE UNIQUE INDEX handle_current"
	"  ON handle (worker, conversation, participant) WHERE current = 1;"
	"CREATE INDEX handle_worker ON handle (worker);"
	"CREATE INDEX handle_conversation ON handle (conversation);"
	"CREATE TABLE message ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  conversation INTEGER NOT NULL REFERENCES conversation"
	"    ON DELETE CASCADE,"
	"  mailbox INTEGER NOT NULL,"
	"  kind INTEGER NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  participant INTEGER,"
	"  worker INTEGER REFERENCES worker ON DELETE SET NULL,"
	"  author TEXT,"
	"  smtpd TEXT NOT NULL,"
	"  outside TEXT,"
	"  own TEXT"
	") STRICT;"
	"CREATE INDEX message_conversation ON message (conversation);"
	"CREATE INDEX message_smtpd ON message (mailbox, smtpd);"
	"CREATE INDEX message_outside ON message (mailbox, outside);"
	"CREATE INDEX message_own ON message (worker, own);"
	"CREATE TABLE copy ("
	"  id INTEGER PRIMARY KEY,"
	"  message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,"
	"  worker INTEGER REFERENCES worker ON DELETE CASCADE,"
	"  msgid TEXT,"
	"  rpath TEXT,"
	"  begun INTEGER NOT NULL,"
	"  queued INTEGER,"
	"  UNIQUE (message, worker)"
	") STRICT;"
	"CREATE UNIQUE INDEX copy_archive ON copy (message)"
	"  WHERE worker IS NULL;"
	"CREATE INDEX copy_worker ON copy (worker, msgid);"
	"CREATE INDEX copy_unqueued ON copy (begun) WHERE queued IS NULL;"
	"CREATE TABLE rpath ("
	"  id INTEGER PRIMARY KEY,"
	"  address TEXT NOT NULL UNIQUE,"
	"  kind INTEGER NOT NULL,"
	"  conversation INTEGER REFERENCES conversation ON DELETE CASCADE,"
	"  message INTEGER,"
	"  worker INTEGER REFERENCES worker ON DELETE CASCADE,"
	"  participant INTEGER,"
	"  sent_to TEXT,"
	"  created INTEGER NOT NULL,"
	"  expires INTEGER NOT NULL,"
	"  quoted INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE INDEX rpath_conversation ON rpath (conversation);"
	"CREATE INDEX rpath_worker ON rpath (worker);"
	"CREATE INDEX rpath_expires ON rpath (expires);"
	"CREATE TABLE reply ("
	"  id TEXT PRIMARY KEY,"
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  mailbox INTEGER NOT NULL,"
	"  conversation INTEGER NOT NULL REFERENCES conversation"
	"    ON DELETE CASCADE,"
	"  smtpd TEXT NOT NULL,"
	"  own TEXT,"
	"  dkey TEXT NOT NULL,"
	"  outside TEXT NOT NULL,"
	"  commands TEXT,"
	"  created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX reply_worker ON reply (worker);"
	"CREATE INDEX reply_conversation ON reply (conversation);"
	"CREATE INDEX reply_created ON reply (created);"
	"CREATE TABLE reply_handle ("
	"  reply TEXT NOT NULL REFERENCES reply ON DELETE CASCADE,"
	"  handle INTEGER NOT NULL REFERENCES handle ON DELETE CASCADE,"
	"  PRIMARY KEY (reply, handle)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX reply_handle_handle ON reply_handle (handle);"
	"CREATE TABLE sent ("
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  dkey TEXT NOT NULL,"
	"  handle INTEGER NOT NULL REFERENCES handle ON DELETE CASCADE,"
	"  rpath TEXT,"
	"  pid INTEGER NOT NULL,"
	"  begun INTEGER NOT NULL,"
	"  queued INTEGER,"
	"  PRIMARY KEY (worker, dkey, handle)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX sent_handle ON sent (handle);"
	"CREATE INDEX sent_unqueued ON sent (begun) WHERE queued IS NULL;"
	"CREATE TABLE command ("
	"  worker INTEGER NOT NULL REFERENCES worker ON DELETE CASCADE,"
	"  dkey TEXT NOT NULL,"
	"  created INTEGER NOT NULL,"
	"  PRIMARY KEY (worker, dkey)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX command_created ON command (created);"
	"CREATE TABLE claim ("
	"  hash BLOB PRIMARY KEY,"
	"  pid INTEGER NOT NULL,"
	"  taken INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX claim_taken ON claim (taken);"
	"CREATE TABLE rate ("
	"  mailbox INTEGER NOT NULL REFERENCES mailbox ON DELETE CASCADE,"
	"  span INTEGER NOT NULL,"
	"  since INTEGER NOT NULL,"
	"  count INTEGER NOT NULL,"
	"  before INTEGER NOT NULL,"
	"  PRIMARY KEY (mailbox, span)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE event ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  created INTEGER NOT NULL,"
	"  kind TEXT NOT NULL,"
	"  mailbox INTEGER,"
	"  conversation INTEGER,"
	"  worker INTEGER,"
	"  text TEXT"
	") STRICT;"
	"CREATE INDEX event_created ON event (created);"
	"CREATE TABLE change ("
	"  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  address TEXT NOT NULL,"
	"  expires INTEGER NOT NULL"
	") STRICT;"
	"CREATE TRIGGER mailbox_in BEFORE INSERT ON mailbox BEGIN"
	"  INSERT INTO address VALUES (NEW.address, 'mailbox');"
	"  INSERT INTO change (address, expires)"
	"    VALUES (NEW.address, 9223372036854775807); END;"
	"CREATE TRIGGER mailbox_out AFTER DELETE ON mailbox BEGIN"
	"  DELETE FROM address WHERE folded = OLD.address;"
	"  INSERT INTO change (address, expires) VALUES (OLD.address, 0);"
	"  END;"
	"CREATE TRIGGER worker_address_in BEFORE INSERT ON worker_address"
	"  BEGIN INSERT INTO address VALUES (NEW.folded, 'worker'); END;"
	"CREATE TRIGGER worker_address_out AFTER DELETE ON worker_address"
	"  BEGIN DELETE FROM address WHERE folded = OLD.folded; END;"
	"CREATE TRIGGER handle_in AFTER INSERT ON handle"
	"  WHEN NEW.revoked = 0 BEGIN"
	"  INSERT INTO change (address, expires)"
	"    VALUES (NEW.address, NEW.expires); END;"
	"CREATE TRIGGER handle_turn AFTER UPDATE OF expires, revoked ON handle"
	"  BEGIN INSERT INTO change (address, expires) VALUES (NEW.address,"
	"    CASE NEW.revoked WHEN 0 THEN NEW.expires ELSE 0 END); END;"
	"CREATE TRIGGER handle_out AFTER DELETE ON handle"
	"  WHEN OLD.revoked = 0 BEGIN"
	"  INSERT INTO change (address, expires) VALUES (OLD.address, 0);"
	"  END;"
	"CREATE TRIGGER rpath_in AFTER INSERT ON rpath BEGIN"
	"  INSERT INTO change (address, expires)"
	"    VALUES (NEW.address, NEW.expires); END;"
	"CREATE TRIGGER rpath_out AFTER DELETE ON rpath BEGIN"
	"  INSERT INTO change (address, expires) VALUES (OLD.address, 0);"
	"  END;",
	/* 2: a conversation that is forgotten takes its log with it */
	"CREATE INDEX event_conversation ON event (conversation)"
	"  WHERE conversation IS NOT NULL;"
	"CREATE TRIGGER conversation_out AFTER DELETE ON conversation BEGIN"
	"  DELETE FROM event WHERE conversation = OLD.id; END;",
	/* 3: open conversations are counted as they come and go */
	"ALTER TABLE mailbox ADD COLUMN open INTEGER NOT NULL DEFAULT 0;"
	"UPDATE mailbox SET open = (SELECT count(*) FROM conversation c"
	"  WHERE c.mailbox = mailbox.id AND c.open = 1);"
	"DROP INDEX conversation_open;"
	"CREATE TRIGGER conversation_in AFTER INSERT ON conversation BEGIN"
	"  UPDATE mailbox SET open = open + NEW.open WHERE id = NEW.mailbox;"
	"  END;"
	"CREATE TRIGGER conversation_turn AFTER UPDATE OF open ON conversation"
	"  BEGIN UPDATE mailbox SET open = open + NEW.open - OLD.open"
	"    WHERE id = NEW.mailbox; END;"
	"CREATE TRIGGER conversation_gone AFTER DELETE ON conversation BEGIN"
	"  UPDATE mailbox SET open = open - OLD.open WHERE id = OLD.mailbox;"
	"  END;",
	/* 4: windows that slide to the second; ids that left as others */
	"DROP TABLE rate;"
	"CREATE TABLE quota ("
	"  id INTEGER PRIMARY KEY,"
	"  kind TEXT NOT NULL,"
	"  name TEXT NOT NULL,"
	"  span INTEGER NOT NULL,"
	"  total INTEGER NOT NULL,"
	"  last INTEGER NOT NULL,"
	"  UNIQUE (kind, name)"
	") STRICT;"
	"CREATE INDEX quota_old ON quota (last + span);"
	"CREATE TABLE quota_hit ("
	"  quota INTEGER NOT NULL REFERENCES quota ON DELETE CASCADE,"
	"  at INTEGER NOT NULL,"
	"  count INTEGER NOT NULL,"
	"  PRIMARY KEY (quota, at)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE outid ("
	"  id TEXT PRIMARY KEY,"
	"  outside TEXT NOT NULL,"
	"  created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX outid_created ON outid (created);",
};

#define NEWEST	((int)(sizeof(steps) / sizeof(steps[0])))

int
store_version_newest(void)
{
	return NEWEST;
}

int
store_version(struct store *s)
{
	int64_t	 n;

	if (db_number(s, &n, "PRAGMA user_version", "") != 1)
		return -1;
	return n;
}

int
schema_newer(struct store *s, int version)
{
	return db_fail(s, STORE_NEWER, "%s: has schema %d, made by a newer "
	    "release; this one knows up to %d", s->path, version, NEWEST);
}

int
schema_inspect(struct store *s, int *version)
{
	int64_t	 appid, tables;

	if (db_number(s, &appid, "PRAGMA application_id", "") != 1 ||
	    db_number(s, &tables, "SELECT count(*) FROM sqlite_schema",
	    "") != 1 || (*version = store_version(s)) == -1)
		return -1;
	if (tables == 0 && *version == 0) {
		if (s->flags & STORE_CREATE)
			return 0;
		return db_fail(s, STORE_DAMAGED, "%s: is empty (smtprelayctl "
		    "init fills it, or restore a backup)", s->path);
	}
	if (appid != STORE_APPID || *version < 1)
		return db_fail(s, STORE_DAMAGED, "%s: is not a database of "
		    "this program", s->path);
	return *version > NEWEST ? schema_newer(s, *version) : 0;
}

int
schema_migrate(struct store *s, int target)
{
	char	 sql[96];
	int	 version, ret = -1;

	if (store_begin(s) == -1)
		return -1;
	/* Another process may have done it while we waited. */
	if ((version = store_version(s)) == -1)
		goto out;
	for (; version < target; version++)
		if (db_exec(s, steps[version]) == -1)
			goto out;
	(void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d;"
	    "PRAGMA application_id = %d", version, STORE_APPID);
	ret = db_exec(s, sql);
 out:
	return db_leave(s, ret);
}

static int
check_pragma(struct store *s, const char *sql, const char *what, int *sound)
{
	sqlite3_stmt	*st;
	const char	*t;
	int		 ret;

	if ((st = db_get(s, sql, "")) == NULL)
		return -1;
	if ((ret = db_step(s, st)) == 1) {
		t = (const char *)sqlite3_column_text(st, 0);
		if (t == NULL || strcmp(t, "ok") != 0) {
			*sound = 0;
			(void)db_fail(s, STORE_DAMAGED, "%s: %s: %s", s->path,
			    what, t == NULL ? "" : t);
		}
	}
	db_done(s, st);
	return ret == -1 ? -1 : 0;
}

int
store_check(struct store *s)
{
	int	 sound = 1;

	if (check_pragma(s, "PRAGMA integrity_check(1)", "damaged",
	    &sound) == -1)
		return s->err.kind == STORE_DAMAGED ? 0 : -1;
	if (sound && check_pragma(s, "PRAGMA foreign_key_check",
	    "a row refers to nothing in table", &sound) == -1)
		return -1;
	return sound;
}
