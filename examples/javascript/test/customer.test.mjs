/** What a customer makes of a vendor that errs or cheats. The vendor is simulated: it signs whatever a test wants. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonical, digest } from '../canonical.mjs';
import { Customer, documentUrl, Misconduct, readDocument, Refused, termsRef, Undecided } from '../customer.mjs';
import { signer } from '../keys.mjs';
import { sign } from '../proof.mjs';

const did = 'did:web:shop.example';
const now = () => new Date('2026-03-02T09:30:00.000Z');
const TERMS = termsRef('SD-BASE').digest;
const item = { key: 'news', purposes: ['dpv:DirectMarketing'], data: ['pd:EmailAddress'], actions: ['dpv:Use'] };
const grant = { items: [item], until: '2027-01-01T00:00:00.000Z', statement: 'Write to me.' };

/** A vendor's hand: it numbers its words, and links them, as it should; `members` replace what it writes. */
class Hand {
  words = [];

  constructor(key) {
    this.key = key;
  }

  async write(to, members) {
    const [last] = this.words.slice(-1);
    const envelope = { opencmr: '1.0', id: `urn:uuid:${crypto.randomUUID()}`, from: did, to, created: now().toISOString() };
    const chain = { number: this.words.length + 1, ...(last && { prior: await digest(last) }) };
    const message = await sign(JSON.parse(JSON.stringify({ ...envelope, ...chain, ...members })), members.by ?? this.key);
    this.words.push(message);
    return message;
  }

  async receipt(message, body = {}, { by, ...members } = {}) {
    const said = { of: await digest(message), outcome: 'accepted', state: STATES[message.type], ...body };
    return this.write(message.from, { type: 'receipt', thread: message.thread, body: said, ...members, by });
  }

  /** The same vendor, put back to an older copy: it has these words and no others. */
  restored = (words) => Object.assign(new Hand(this.key), { words: this.words.slice(0, words) });
}
const STATES = { 'intent.cast': 'open', 'consent.grant': 'given', 'consent.withdraw': 'withdrawn', 'terms.proffer': 'proffered' };
const heard = { where: 'a call', when: '2026-03-02T09:00:00.000Z' };

/**
 * A customer, its relationship with a vendor that answers as `answer` says, and what the vendor received. Without an
 * answer, the vendor gives receipts, and its mailbox is empty.
 */
async function meet(answer = async (message, hand, path) => (path === 'messages' ? hand.receipt(message) : [])) {
  const key = { ...(await signer()), method: `${did}#key-1` };
  const method = { id: key.method, type: 'Multikey', controller: did, publicKeyMultibase: key.did.slice('did:key:'.length) };
  const service = [{ id: `${did}#opencmr`, type: 'OpenCMR', serviceEndpoint: 'https://shop.example/opencmr' }];
  const document = { id: did, verificationMethod: [method], assertionMethod: [method.id], service };
  const [hand, received] = [new Hand(key), []];
  const vendor = { answer };
  const fetch = async (url, { method: verb, body } = {}) => {
    if (verb !== 'POST') return Response.json(document);
    const message = JSON.parse(new TextDecoder().decode(body));
    received.push(message);
    const said = await vendor.answer(message, hand, url.split('/').at(-1));
    return said instanceof Response ? said : new Response(canonical({ messages: [said].flat(), more: false }, 34));
  };
  const customer = new Customer({}, { fetch, now });
  return { customer, shop: await customer.meet(did), received, hand, vendor, options: { fetch, now } };
}

const unsigned = (code, status, retry, more) =>
  Response.json({ type: `https://w3id.org/opencmr/v1/problems#${code}`, title: code, status, fault: 'sender', retry, ...more }, { status });
const waiting = async (shop) => (await shop.history()).pending.map(({ message }) => message.type);
const codes = (shop) => shop.kept.noticed.map(({ code }) => code);
const mayWrite = (shop) => shop.may({ action: 'dpv:Use', purpose: 'dpv:DirectMarketing', data: 'pd:EmailAddress' });

test('a signed receipt gives the message its place', async () => {
  const { shop } = await meet();
  const thread = await shop.grant(grant);
  assert.equal((await shop.record(thread)).state, 'given');
  assert.deepEqual(shop.kept.noticed, []);
});

test('a word names our word before it, and the last of the vendor that we hold without a gap', async () => {
  const { shop, received, hand } = await meet();
  const thread = await shop.grant(grant);
  await shop.withdraw(thread);
  await shop.collect();
  const [first, second, collect] = received;
  assert.deepEqual([first.prior, first.seen], [undefined, undefined]);
  assert.equal(first.expires, '2026-03-09T09:30:00.000Z');
  assert.deepEqual([second.prior, second.seen], [await digest(first), await digest(hand.words[0])]);
  assert.equal(second.expires, undefined); // a no never expires
  assert.deepEqual([collect.prior, collect.seen], [undefined, await digest(hand.words[1])]);
});

test('an unsigned problem decides nothing, and the same bytes are sent again', async () => {
  const { shop, received, vendor } = await meet(() => unsigned('overloaded', 503, true));
  await assert.rejects(shop.grant(grant), (error) => error instanceof Undecided && error.code === 'overloaded' && error.retry);
  assert.deepEqual(await waiting(shop), ['consent.grant']);
  vendor.answer = (message, hand) => hand.receipt(message);
  await shop.send();
  assert.deepEqual(received[1], received[0]);
  assert.deepEqual(await waiting(shop), []);
});

test('what can never come good is given up, but a withdrawal is sent again', async () => {
  const { shop, received, vendor } = await meet();
  const thread = await shop.grant(grant);
  vendor.answer = () => unsigned('unsupported-type', 422, false);
  await assert.rejects(shop.proffer('SD-BASE'), (error) => error instanceof Undecided && !error.retry);
  await assert.rejects(shop.withdraw(thread), Undecided);
  received.length = 0;
  await assert.rejects(shop.send(), Undecided);
  assert.deepEqual(received.map(({ type }) => type), ['consent.withdraw']);
});

test('a message that the vendor cannot take does not hold up a withdrawal', async () => {
  const { shop, received } = await meet((message, hand) =>
    (message.type === 'terms.proffer' ? unsigned('handler-failed', 503, true) : hand.receipt(message)));
  const thread = await shop.grant(grant);
  await assert.rejects(shop.proffer('SD-BASE'), Undecided);
  await shop.withdraw(thread);
  assert.equal((await shop.record(thread)).state, 'withdrawn');
  assert.deepEqual(received.map(({ type }) => type), ['consent.grant', 'terms.proffer', 'consent.withdraw', 'terms.proffer']);
});

for (const [what, forge] of Object.entries({
  'signed with another key': async (hand, message) => hand.receipt(message, {}, { by: { ...(await signer()), method: hand.key.method } }),
  'that names a key which is not pinned': (hand, message) => hand.receipt(message, {}, { by: { ...hand.key, method: `${did}#key-2` } }),
  'changed after it was signed': async (hand, message) => ({ ...(await hand.receipt(message)), created: '2026-03-02T09:30:01.000Z' }),
  'for somebody else': async (hand, message) => hand.receipt(message, {}, { to: (await signer()).did }),
  'of another thread': (hand, message) => hand.receipt(message, {}, { thread: `urn:uuid:${crypto.randomUUID()}` }),
  'without a number': (hand, message) => hand.receipt(message, {}, { number: undefined }),
  'that goes on from what nobody has said': (hand, message) => hand.receipt(message, {}, { number: 2, prior: TERMS }),
})) {
  test(`a receipt ${what} gives no place`, async () => {
    const { shop } = await meet(async (message, hand, path) => (path === 'messages' ? forge(hand, message) : []));
    await assert.rejects(shop.grant(grant), Undecided);
    assert.deepEqual(await waiting(shop), ['consent.grant']);
    assert.deepEqual(shop.kept.noticed, []);
  });
}

test('a date orders nothing: a receipt of any date gives a place, and a date far ahead is told', async () => {
  for (const [created, told] of [['2020-01-01T00:00:00.000Z', []], ['2026-03-02T09:40:00.001Z', ['date-ahead']]]) {
    const { shop } = await meet((message, hand) => hand.receipt(message, {}, { created }));
    const thread = await shop.grant({ ...grant, until: '2027-01-01T00:00:00.000Z' });
    assert.equal((await shop.record(thread)).state, 'given');
    assert.deepEqual(codes(shop), told);
  }
});

test('a word dated long before what it has seen is told as disputed, and accuses nobody', async () => {
  const { shop } = await meet((message, hand) => hand.receipt(message, {}, { created: '2026-03-02T09:40:00.001Z' }));
  const thread = await shop.grant(grant);
  await shop.withdraw(thread);
  assert.deepEqual(codes(shop), ['date-ahead', 'date-ahead', 'disputed']);
  assert.deepEqual(shop.misconduct, []);
});

test('a state or an outcome other than ours is misconduct, and ours stays', async () => {
  for (const [body, code, type, path] of [
    [{ state: 'withdrawn' }, 'other-state', 'consent.grant', 'given'],
    [{ outcome: 'moot' }, 'other-outcome', 'consent.grant', 'given'],
  ]) {
    const { shop } = await meet((message, hand) => hand.receipt(message, body));
    await assert.rejects(shop.say(type, grant), (error) => error instanceof Misconduct && error.finding.code === code);
    const [{ record: { state } }] = (await shop.history()).threads.values();
    assert.equal(state, path);
  }
});

test('a vendor that accepts what had expired binds nobody', async () => {
  const { shop } = await meet((message, hand) => hand.receipt(message, {}, { created: '2026-03-09T09:30:00.000Z' }));
  await assert.rejects(shop.grant(grant), ({ finding }) => finding.code === 'other-outcome' && finding.why.includes('expired'));
  const [thread] = (await shop.history()).threads.values();
  assert.deepEqual([thread.state, thread.entries[0].outcome], ['none', 'void']);
  assert.equal((await mayWrite(shop)).answer, 'deny');
});

test('a vendor that accepts what did not know a no binds nobody', async () => {
  const { shop, vendor } = await meet();
  const thread = await shop.grant(grant);
  let no;
  vendor.answer = async (message, hand, path) => {
    if (path !== 'messages') return [no];
    no = await hand.write(message.from, { type: 'consent.withdraw', thread, body: { heard } });
    return hand.receipt(message);
  };
  await assert.rejects(shop.grant({ ...grant, statement: 'More.' }, thread), ({ finding }) => finding.why.includes('stale'));
  assert.equal((await shop.record(thread)).state, 'withdrawn');
});

test('a no denies from when it was said, though nobody has heard it', async () => {
  const { shop, vendor } = await meet();
  const thread = await shop.grant(grant);
  assert.equal((await mayWrite(shop)).reason, 'consent');
  vendor.answer = () => { throw new Error('unreachable'); };
  await assert.rejects(shop.withdraw(thread), Undecided);
  assert.equal((await mayWrite(shop)).reason, 'withdrawn');
  assert.equal((await shop.record(thread)).state, 'given'); // the record is what both sides hold
});

test('a no counts by any signed receipt, whatever it says', async () => {
  const { shop, vendor } = await meet();
  const thread = await shop.grant(grant);
  vendor.answer = (message, hand) => hand.receipt(message, { outcome: 'refused', state: undefined, problem });
  await assert.rejects(shop.withdraw(thread), ({ finding }) => finding.code === 'other-outcome');
  assert.equal((await shop.record(thread)).state, 'withdrawn');
});

test('what is missing in the chain is collected again, and everything finds its place', async () => {
  const { shop, vendor, hand, received } = await meet();
  const thread = await shop.grant(grant);
  let lost;
  vendor.answer = async (message, hand, path) => {
    if (path !== 'messages') return [lost, hand.words.at(-1)];
    lost = await hand.write(message.from, { type: 'consent.withdraw', thread, body: { heard } });
    return hand.receipt(message);
  };
  const terms = await shop.proffer('SD-BASE');
  assert.equal((await shop.record(terms)).state, 'proffered');
  assert.equal((await shop.record(thread)).state, 'withdrawn');
  assert.equal(received.at(-1).type, 'mailbox.collect');
  assert.equal(shop.kept.tip, await digest(hand.words.at(-1)));
});

test('two words of one number are both kept and told, and accuse nobody', async () => {
  const { shop, vendor, hand } = await meet();
  const thread = await shop.grant(grant);
  const fork = hand.restored(1);
  const no = await hand.write(shop.me.did, { type: 'consent.withdraw', thread, body: { heard } });
  const other = await fork.write(shop.me.did, { type: 'consent.withdraw', thread, body: { keys: ['none'], heard } });
  vendor.answer = () => [no, other];
  await shop.collect();
  assert.deepEqual(codes(shop), ['split']);
  assert.deepEqual(shop.misconduct, []);
  assert.equal(shop.kept.words.length, 4);
});

test('a vendor that goes on from an earlier place is followed, and what was left behind is sent again', async () => {
  const { shop, vendor, hand, received } = await meet();
  const thread = await shop.grant(grant);
  await shop.withdraw(thread);
  const fork = hand.restored(1);
  vendor.answer = (message, _, path) => (path === 'messages' ? fork.receipt(message) : fork.words.slice(1));
  await fork.write(shop.me.did, { type: 'consent.withdraw', thread, body: { keys: ['none'], heard } });
  await shop.collect();
  assert.deepEqual(codes(shop), ['split']);
  assert.deepEqual(await waiting(shop), ['consent.withdraw']);
  assert.equal((await mayWrite(shop)).reason, 'withdrawn');
  await shop.send();
  assert.deepEqual(received.at(-1), received[1]);
  assert.equal((await shop.record(thread)).state, 'withdrawn');
});

test('a vendor that was restored is handed back its own words, each after what it answers', async () => {
  const { shop, vendor, hand, received } = await meet();
  const thread = await shop.grant(grant);
  await shop.withdraw(thread);
  let has = 1;
  vendor.answer = async (message, _, path) => {
    if (path === 'words') return (has = 2, []);
    if (has < 2) return unsigned('behind', 409, true, { expected: [await digest(hand.words[0])] });
    return path === 'messages' ? hand.receipt(message) : [];
  };
  const terms = await shop.proffer('SD-BASE');
  assert.equal((await shop.record(terms)).state, 'proffered');
  const { messages: [collect, ...words] } = received.find(({ messages }) => messages);
  assert.equal(collect.type, 'mailbox.collect');
  assert.deepEqual(words, [received[1], hand.words[1]]);
});

test('what is handed back is split where a request is full, never between a word and its receipt', async () => {
  const { shop, vendor, hand, received } = await meet();
  const [name, terms] = ['x'.repeat(200), [{ id: 'SD-BASE', digest: TERMS }]];
  const wants = Array(32).fill({ name, brand: name });
  const wish = () => shop.cast({ wants, terms, standing: 'ready' });
  for (let i = 0; i < 20; i++) await wish();
  let has = 0;
  vendor.answer = async (message, _, path) => {
    if (path === 'words') return (has += message.messages.length - 1, []);
    if (has < 40) return unsigned('behind', 409, true);
    return path === 'messages' ? hand.receipt(message) : [];
  };
  await wish();
  const batches = received.filter(({ messages }) => messages).map(({ messages }) => messages);
  assert.ok(batches.length > 1);
  for (const [collect, ...words] of batches) {
    assert.ok(canonical({ messages: [collect, ...words] }, 34).length <= 147_456);
    assert.deepEqual(words.map(({ type }) => type === 'receipt'), words.map((_, i) => i % 2 === 1));
  }
  assert.deepEqual(batches.flatMap(([, ...words]) => words).filter(({ type }) => type === 'receipt'), hand.words.slice(0, 20));
});

test('a wallet that was restored finds back its own words, and a no among them denies at once', async () => {
  const { shop, customer, vendor, hand, options } = await meet();
  const thread = await shop.grant(grant);
  const copy = JSON.stringify(customer);
  await shop.withdraw(thread);
  const [no] = shop.kept.words.slice(-2);
  const again = await new Customer(JSON.parse(copy), options).meet(did);
  vendor.answer = () => [no.message, hand.words[1]];
  await again.collect();
  assert.equal((await again.record(thread)).state, 'withdrawn');
  assert.deepEqual(codes(again), ['restored']);
  assert.deepEqual(again.misconduct, []);
});

test('a void message keeps its place, and the receipt says why', async () => {
  const { shop, vendor, received } = await meet();
  const thread = await shop.proffer('SD-BASE');
  const terms = { id: 'SD-BASE-ATP', digest: TERMS };
  vendor.answer = async (_, hand) => hand.words[1] ?? hand.write(shop.me.did, { type: 'terms.accept', thread, body: { terms } });
  await shop.collect();
  assert.equal((await shop.record(thread)).state, 'proffered');
  const [{ entries }] = (await shop.history()).threads.values();
  assert.deepEqual(entries.map(({ outcome }) => outcome), ['accepted', 'void']);
  await shop.collect();
  const [{ body, number, prior, seen }] = received.at(-1).body.receipts;
  assert.equal(body.problem.type.split('#')[1], 'terms-not-offered');
  assert.deepEqual([number, prior, seen], [undefined, undefined, undefined]);
});

test('an id that was used before makes a word void, and is misconduct', async () => {
  const { shop, vendor, hand } = await meet();
  const thread = await shop.grant(grant);
  const { id } = hand.words[0];
  vendor.answer = async () => hand.words[1] ?? hand.write(shop.me.did, { id, type: 'consent.withdraw', thread, body: { heard } });
  await shop.collect();
  assert.deepEqual(codes(shop), ['conflict']);
  assert.equal((await shop.record(thread)).state, 'given');
});

test('a second receipt for one word changes nothing, and is misconduct', async () => {
  const { shop, vendor, hand, received } = await meet();
  const thread = await shop.grant(grant);
  const second = await hand.receipt(received[0], { state: 'withdrawn' });
  vendor.answer = () => second;
  await shop.collect();
  assert.deepEqual(codes(shop), ['answered-twice']);
  assert.equal((await shop.record(thread)).state, 'given');
});

const problem = { type: 'https://w3id.org/opencmr/v1/problems#stale', title: 'No', status: 409, fault: 'sender', retry: false };

test('a signed refusal is final', async () => {
  const { shop, vendor, hand } = await meet();
  const thread = await shop.grant(grant);
  const no = await hand.write(shop.me.did, { type: 'consent.withdraw', thread, body: { heard } });
  vendor.answer = (message, _, path) => (path === 'messages' ? hand.receipt(message, { outcome: 'refused', state: undefined, problem }) : [no, hand.words.at(-1)]);
  await assert.rejects(shop.grant(grant, thread), (error) => error instanceof Refused && error.code === 'stale');
  assert.deepEqual(await waiting(shop), []);
  assert.deepEqual(shop.misconduct, []);
});

test('a refusal that the rules do not bear out is misconduct', async () => {
  const { shop } = await meet((message, hand) => hand.receipt(message, { outcome: 'refused', state: undefined, problem }));
  await assert.rejects(shop.grant(grant), ({ finding }) => finding.code === 'other-outcome');
});

test('a did:web names a host and nothing else', () => {
  assert.equal(documentUrl('did:web:shop.example:eu'), 'https://shop.example/eu/did.json');
  assert.equal(documentUrl('did:web:localhost%3A8443'), 'http://localhost:8443/.well-known/did.json');
  assert.equal(documentUrl('did:web:127.0.0.1.evil.example'), 'https://127.0.0.1.evil.example/.well-known/did.json');
  for (const bad of ['did:web:a.example%2F', 'did:web:user@a.example', 'did:web:a.example:..:b', 'did:key:z6Mk']) {
    assert.throws(() => documentUrl(bad));
  }
});

const own = await signer();
const other = await signer();
const name = (key) => key.did.slice('did:key:'.length);
const method = (members = {}) => ({ id: `${did}#key-1`, type: 'Multikey', controller: did, publicKeyMultibase: name(own), ...members });
const ours = { id: `${did}#opencmr`, type: 'OpenCMR', serviceEndpoint: 'https://shop.example/opencmr' };
const plain = { id: did, verificationMethod: [method()], assertionMethod: [`${did}#key-1`], service: [ours] };
const expected = { pinned: { [`${did}#key-1`]: name(own) }, service: ours.serviceEndpoint };

const ASIDE = {
  'of another type': { type: 'JsonWebKey2020', publicKeyMultibase: undefined, publicKeyJwk: { kty: 'EC' } },
  'of an older type': { type: 'Ed25519VerificationKey2020' },
  'of X25519': { publicKeyMultibase: 'z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc' },
  'of P-256': { publicKeyMultibase: 'zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv' },
  'that is longer': { publicKeyMultibase: `zUC7${'a'.repeat(133)}` },
  'that is no text': { publicKeyMultibase: 7 },
  'of somebody else': { controller: 'did:web:other.example' },
  'with a fragment that no proof can name': { id: `${did}#a%20b` },
  'without an id': { id: undefined },
};
for (const [what, changes] of Object.entries(ASIDE)) {
  test(`a did document with other keys is taken, and a key ${what} does not count`, () => {
    const beside = method({ id: `${did}#k2`, publicKeyMultibase: name(other), ...changes });
    for (const assertionMethod of [plain.assertionMethod, [...plain.assertionMethod, beside.id, 'did:example:abc#key-1']]) {
      assert.deepEqual(readDocument(did, { ...plain, verificationMethod: [beside, method()], assertionMethod }), expected);
    }
  });
}

test('what else stands in a DID document does not count', () => {
  const embedded = method({ id: `${did}#k2`, publicKeyMultibase: name(other) });
  for (const members of [
    { assertionMethod: [...plain.assertionMethod, embedded, null, 7] },
    { verificationMethod: [null, 'did:example:abc#key-1', [], method()] },
    { service: [null, { type: ['LinkedDomains'], serviceEndpoint: {} }, { type: 'OpenCMR', serviceEndpoint: [] }, ours] },
    { service: [{ ...ours, type: ['LinkedDomains', 'OpenCMR'] }] },
    { verificationMethod: [method({ id: '#key-1' })], assertionMethod: ['#key-1'] },
    { keyAgreement: [embedded], authentication: null, later: { deeper: [1] } },
  ]) assert.deepEqual(readDocument(did, { ...plain, ...members }), expected);
});

test('members that nobody knows change nothing, wherever they stand', () => {
  const grown = (value) => (Array.isArray(value) ? value.map(grown) : typeof value !== 'object' ? value
    : { ...Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, grown(inner)])), later: [null, { id: did }], '': 1.5 });
  assert.deepEqual(readDocument(did, grown(plain)), expected);
});

test('a document that names no key of its own is refused', () => {
  const weak = `z6Mk${'1'.repeat(44)}`;
  for (const members of [
    { id: 'did:web:other.example' },
    { verificationMethod: [] },
    { verificationMethod: method() },
    { verificationMethod: [method({ publicKeyMultibase: weak })] },
    { verificationMethod: [method(), method({ publicKeyMultibase: name(other) })] },
    { assertionMethod: [] },
    { assertionMethod: [method()] },
    { service: [] },
    { service: [{ ...ours, type: 'LinkedDomains' }] },
  ]) assert.throws(() => readDocument(did, { ...plain, ...members }), JSON.stringify(members));
});
