/**
 * A conversation with the reference vendor, over HTTP on loopback. `OPENCMR_SERVE` names the command that serves a
 * vendor (`opencmr serve`); without it, the repository's own .venv is used. Without either, the test is skipped.
 */

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Customer, Refused, Undecided, termsRef } from '../customer.mjs';
import { signer } from '../keys.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const OWN = join(ROOT, '.venv/bin/opencmr');
const command = process.env.OPENCMR_SERVE?.split(' ') ?? (existsSync(OWN) ? [OWN, 'serve'] : undefined);
const skip = command ? false : `no vendor to talk to: neither OPENCMR_SERVE nor ${OWN} is there`;

/** A port that is free now. */
const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

let folder, vendor, did;

/** Serves the shop until `stop`. */
async function start() {
  vendor = spawn(command[0], [...command.slice(1), 'shop.py:shop'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the vendor does not start')), 20_000);
    vendor.on('error', reject).on('exit', (code) => reject(new Error(`the vendor stopped: ${code}`)));
    let said = '';
    vendor.stdout.on('data', (data) => {
      said += data;
      if (said.includes('listening')) resolve(clearTimeout(timer));
    });
  });
}

async function stop() {
  const stopped = once(vendor.removeAllListeners('exit'), 'exit');
  vendor.kill();
  await stopped;
}

before(async () => {
  if (skip) return;
  const port = await freePort();
  did = `did:web:127.0.0.1%3A${port}`;
  folder = await mkdtemp(join(tmpdir(), 'opencmr-'));
  const shop = (await readFile(join(ROOT, 'examples/shop.py'), 'utf8')).replace('127.0.0.1%3A8001', `127.0.0.1%3A${port}`);
  await writeFile(join(folder, 'shop.py'), shop);
  await start();
}, { timeout: 30_000 });

after(async () => {
  if (skip) return;
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const live = (name, run) => test(name, { skip, timeout: 30_000 }, run);
const item = {
  key: 'news', purposes: ['dpv:DirectMarketing'], data: ['pd:EmailAddress'], actions: ['dpv:Use'], channels: ['email'],
};
const until = () => new Date(Date.now() + 86_400_000).toISOString();

/** A relationship with the shop. Each receipt's state is compared with our own fold; a difference is misconduct. */
async function met(kept) {
  const customer = new Customer(kept);
  return { customer, shop: await customer.meet(did) };
}

/** Collects until a thread comes to what is expected. */
async function reaches(shop, thread, state) {
  for (let tries = 0; (await shop.record(thread)).state !== state && tries < 5; tries++) await shop.collect(2);
  assert.equal((await shop.record(thread)).state, state);
  assert.deepEqual(shop.misconduct, []);
}

live('terms are proffered and accepted', async () => {
  const { shop } = await met();
  const thread = await shop.proffer('SD-BASE-DP', 'SD-BASE');
  await reaches(shop, thread, 'active');
  assert.equal((await shop.record(thread)).terms.id, 'SD-BASE-DP');
});

live('a consent is given and taken back, each with a receipt', async () => {
  const { shop } = await met();
  const controller = [{ name: 'The shop', role: 'controller' }];
  const thread = await shop.grant({ items: [item], until: until(), controller, statement: 'Write to me about boots.' });
  await reaches(shop, thread, 'given');
  await shop.withdraw(thread);
  await reaches(shop, thread, 'withdrawn');
  await shop.withdraw(thread);
  const outcomes = [...(await shop.history()).receipts.values()].map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['accepted', 'accepted', 'moot']);
});

live('an intent is answered by an offer, which becomes an order', async () => {
  const { customer, shop } = await met();
  const thread = await shop.cast({
    wants: [{ name: 'Rugged boots, 49' }], terms: [termsRef('SD-BASE-DP')], standing: 'ready',
  });
  for (let tries = 0; !(await shop.offers(thread)).length && tries < 5; tries++) await shop.collect(2);
  const [offer] = await shop.offers(thread);
  assert.deepEqual(offer.total, { amount: '189.00', currency: 'EUR' });
  await assert.rejects(shop.disclose(thread, [{ data: 'pd:Name', value: 'Alice' }]), /nothing is ordered/);
  await shop.accept(offer);
  await shop.disclose(thread, [{ data: 'pd:Name', value: 'Alice' }]);
  await reaches(shop, thread, 'confirmed');
  const order = await shop.record(thread);
  assert.equal(order.reference, '1001');
  assert.deepEqual(order.disclosed.map(({ data }) => data), ['pd:Name']);

  // What was kept is all there is: read back, it comes to the same, and our receipts are all delivered.
  const again = await met(JSON.parse(JSON.stringify(customer)));
  assert.deepEqual(await again.shop.record(thread), order);
  await again.shop.collect();
  assert.deepEqual(again.shop.kept.owed, []);
});

live('rights are asked for, and objected to', async () => {
  const { shop } = await met();
  const asked = { action: 'dpv:Use', purpose: 'dpv:DirectMarketing', data: 'pd:EmailAddress', channel: 'email' };
  const given = await shop.grant({ items: [item], until: until(), statement: 'Write to me about boots.' });
  assert.equal((await shop.may(asked)).answer, 'permit');
  const { evidence } = (await shop.record(given)).items[0];
  const phone = { data: 'pd:TelephoneNumber', value: '+436601234567' };
  await reaches(shop, await shop.share([phone], { id: given, digest: evidence[0] }), 'shared');
  await reaches(shop, await shop.object({ purposes: ['dpv:DirectMarketing'] }), 'objected');
  assert.equal((await shop.may(asked)).reason, 'objected');
  const access = await shop.request('access', { regime: 'gdpr' });
  assert.deepEqual(await shop.overdue(), []);
  const inTwoMonths = new Date(Date.now() + 62 * 86_400_000).toISOString();
  assert.deepEqual(await shop.overdue(inTwoMonths), [access]);
  await shop.cancel(access, 'changedMind');
  await reaches(shop, access, 'cancelled');
  assert.deepEqual(await shop.overdue(inTwoMonths), []);
  await shop.request('erase', { data: ['pd:EmailAddress'] });
  assert.equal((await shop.may(asked)).reason, 'erasure');
});

live('a signed refusal is final, and says why', async () => {
  const { shop } = await met();
  const refusal = shop.say('consent.grant', {
    items: [{ key: 'a', purposes: ['dpv:DirectMarketing'], data: ['pd:EmailAddress'], actions: ['dpv:Use'] }], until: until(),
  });
  await assert.rejects(refusal, (error) => error instanceof Refused && error.code === 'unasked-without-statement');
  assert.deepEqual((await shop.history()).pending, []);
});

live('a vendor that was put back from a copy gets back its words, and nobody is accused', async () => {
  const { shop } = await met();
  const thread = await shop.grant({ items: [item], until: until(), statement: 'Write to me.' });
  await stop();
  const kept = async (from, to) => {
    for (const name of (await readdir(from)).filter((each) => each.startsWith('shop.db'))) await cp(join(from, name), join(to, name));
  };
  const copy = await mkdtemp(join(tmpdir(), 'opencmr-'));
  await kept(folder, copy);
  await start();
  await shop.withdraw(thread);
  await stop();
  for (const name of await readdir(folder)) if (name.startsWith('shop.db')) await rm(join(folder, name));
  await kept(copy, folder);
  await rm(copy, { recursive: true });
  await start();
  const terms = await shop.proffer('SD-BASE');
  await reaches(shop, terms, 'active');
  await reaches(shop, thread, 'withdrawn');
  assert.deepEqual(shop.kept.noticed, []);
});

live('a wallet that was put back from a copy finds back its own words', async () => {
  const { customer, shop } = await met();
  const thread = await shop.grant({ items: [item], until: until(), statement: 'Write to me.' });
  const copy = JSON.parse(JSON.stringify(customer));
  await shop.withdraw(thread);
  const again = await met(copy);
  await reaches(again.shop, thread, 'withdrawn');
  assert.deepEqual(again.shop.kept.noticed.map(({ code }) => code), ['restored']);
});

live('a yes that does not know what the vendor said meanwhile is stale, and said again once it does', async () => {
  const { shop } = await met();
  const wants = [{ name: 'Rugged boots, 49' }];
  const cast = { wants, terms: [termsRef('SD-BASE-DP')], standing: 'ready' };
  const thread = await shop.cast(cast);
  for (let tries = 0; !(await shop.offers(thread)).length && tries < 5; tries++) await shop.collect(2);
  const { tip, words } = shop.kept;
  const made = words.findLast(({ message }) => message.type === 'offer.make').message;
  Object.assign(shop.kept, { tip: made.prior, words: words.filter(({ message }) => message !== made) }); // as if it were lost
  await assert.rejects(shop.say('intent.amend', cast, thread), (error) => error instanceof Refused && error.code === 'stale');
  assert.equal(shop.kept.words.some(({ digest }) => digest === tip), true); // collected: its refusal comes after it
  assert.equal(await shop.say('intent.amend', cast, thread), thread);
  assert.deepEqual(shop.misconduct, []);
});

live('each vendor sees another key', async () => {
  const [one, other] = await Promise.all([met(), met()]);
  assert.notEqual(one.shop.me.did, other.shop.me.did);
});

live('what the README shows runs as it stands', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const shown = readme.match(/```js\n(.*?)```/s)[1].replace('did:web:127.0.0.1%3A8001', did)
    .replace("'./customer.mjs'", JSON.stringify(new URL('../customer.mjs', import.meta.url).href));
  await writeFile(join(folder, 'shown.mjs'), shown);
  const { stdout } = await promisify(execFile)(process.execPath, ['shown.mjs'], { cwd: folder, timeout: 25_000 });
  assert.match(stdout, /^(ordered|confirmed)\ndeny\n$/);
});

live('a relationship moves to its next key, and all goes on under it', async () => {
  const { customer, shop } = await met();
  const [next, after, third] = [await signer(), await signer(), await signer()];
  const opened = await shop.open(next, ['de-AT']);
  const given = await shop.grant({ items: [item], until: until(), statement: 'Do write.' });
  const old = await met(JSON.parse(JSON.stringify(customer)));
  assert.ok(!JSON.stringify(customer).includes(next.seed), 'the next key lies elsewhere');
  await shop.move(next, after);
  assert.equal(shop.me.did, next.did);
  assert.equal((await shop.record(opened)).customer, next.did);
  await shop.withdraw(given);
  assert.equal((await shop.record(given)).state, 'withdrawn');
  await assert.rejects(old.shop.withdraw(given), (error) => error instanceof Undecided && error.code === 'moved');
  const again = await met(JSON.parse(JSON.stringify(customer)));
  await again.shop.move(after, third);
  await again.shop.collect();
  await again.shop.close(opened);
  assert.equal((await again.shop.record(opened)).state, 'closed');
  assert.deepEqual(again.shop.misconduct, []);
});
