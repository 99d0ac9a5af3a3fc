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
 * Signs and verifies messages with npm's mailauth, whose folder is the
 * argument.  A request of JSON on standard input:
 *
 *	{"sign": [{"file", "domain", "selector", "key", "algorithm", "canon"}],
 *	 "verify": [{"file", "keys": {NAME: RECORD}}, ...]}
 *
 * answered by {"signed": [FIELD, ...], "verified": [[RESULT, ...], ...]}.
 */

'use strict';

const fs = require('fs');
const path = require('path');

const lib = path.join(process.argv[2], 'node_modules', 'mailauth', 'lib');
const { dkimSign } = require(path.join(lib, 'dkim', 'sign'));
const { dkimVerify } = require(path.join(lib, 'dkim', 'verify'));

async function sign(job) {
	const done = await dkimSign(fs.readFileSync(job.file), {
		canonicalization: job.canon,
		signatureData: [{
			signingDomain: job.domain,
			selector: job.selector,
			privateKey: fs.readFileSync(job.key),
			algorithm: job.algorithm,
			canonicalization: job.canon
		}]
	});
	if (done.errors.length > 0)
		throw done.errors[0].err;
	return done.signatures;
}

async function verify(file, keys) {
	const done = await dkimVerify(fs.readFileSync(file), {
		resolver: async (name, type) => {
			if (type === 'TXT' && name in keys)
				return [[keys[name]]];
			const err = new Error('no such name');
			err.code = 'ENOTFOUND';
			throw err;
		}
	});
	return done.results.map(r => r.status.result);
}

/*
 * Some messages it never comes back from: when nothing else is left to do,
 * such a promise ends here.
 */
let stuck = null;

process.on('beforeExit', () => {
	const done = stuck;

	stuck = null;
	if (done !== null)
		setImmediate(() => done(['stuck']));
});

function unstuck(promise) {
	return Promise.race([promise, new Promise(done => { stuck = done; })])
	    .catch(err => [err.message]);
}

async function main() {
	const job = JSON.parse(fs.readFileSync(0));
	const out = { signed: [], verified: [] };

	for (const s of job.sign || [])
		out.signed.push(await sign(s));
	for (const v of job.verify || []) {
		out.verified.push(await unstuck(verify(v.file, v.keys)));
		stuck = null;
	}
	console.log(JSON.stringify(out));
}

main();
