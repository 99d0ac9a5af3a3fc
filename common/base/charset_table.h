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

/* Tables of charset.c: code points of the bytes 128 to 255. */

#ifndef CHARSET_TABLE_H
#define CHARSET_TABLE_H

extern const unsigned short charset_iso8859_2[128];
extern const unsigned short charset_iso8859_4[128];
extern const unsigned short charset_iso8859_5[128];
extern const unsigned short charset_iso8859_7[128];
extern const unsigned short charset_iso8859_9[128];
extern const unsigned short charset_iso8859_13[128];
extern const unsigned short charset_iso8859_15[128];
extern const unsigned short charset_w1250[128];
extern const unsigned short charset_w1251[128];
extern const unsigned short charset_w1252[128];
extern const unsigned short charset_w1253[128];
extern const unsigned short charset_w1254[128];
extern const unsigned short charset_w1257[128];
extern const unsigned short charset_koi8r[128];
extern const unsigned short charset_koi8u[128];

#endif
