/** What a customer makes of a vendor that errs or cheats. The vendor is simulated: it signs whatever a test wants. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonical, digest } from '../canonical.mjs';
import { Customer, documentUrl, readDocument, Refused, Undecided } from '../customer.mjs';
import { signer } from '../keys.mjs';
import { sign } from '../proof.mjs';

const did = 'did:web:shop.example';
const now = () => new Date('2026-03-02T09:30:00.000Z');
const item = { key: 'news', purposes: ['dpv:DirectMarketing'], data: ['pd:EmailAddress'], actions: ['dpv:Use'] };
const grant = { items: [item], until: '2027-01-01T00:00:00.000Z', statement: 'Write to me.' };

/** A customer, its relationship with a vendor that answers as `answer` says, and what the vendor received. */
async function meet(answer) {
  const key = { ...(await signer()), method: `${did}#key-1` };
  const method = { id: key.method, type: 'Multikey', controller: did, publicKeyMultibase: key.did.slice('did:key:'.length) };
  const service = [{ id: `${did}#opencmr`, type: 'OpenCMR', serviceEndpoint: 'https://shop.example/opencmr' }];
  const document = { id: did, verificationMethod: [method], assertionMethod: [method.id], service };
  const received = [];
  const fetch = async (url, { method: verb, body } = {}) => {
    if (verb !== 'POST') return Response.json(document);
    const message = JSON.parse(new TextDecoder().decode(body));
    received.push(message);
    const said = await answer(message, key, url);
    return said instanceof Response ? said : new Response(canonical(said));
  };
  const customer = new Customer({}, { fetch, now });
  return { customer, shop: await customer.meet(did), received };
}

let last = 0;
const write = (key, to, members) => sign({
  opencmr: '1.0', id: `urn:uuid:${crypto.randomUUID()}`, from: did, to,
  created: new Date(now().getTime() + ++last).toISOString(), ...members,
}, key);
const receipt = async (key, message, body = {}, members = {}) => write(key, message.from, {
  type: 'receipt', thread: message.thread, ...members,
  body: JSON.parse(JSON.stringify({ of: await digest(message), outcome: 'accepted', state: 'given', ...body })),
});
const unsigned = (code, status, retry) =>
  Response.json({ type: `https://w3id.org/opencmr/v1/problems#${code}`, title: code, status, fault: 'sender', retry }, { status });

test('a signed receipt gives the message its place', async () => {
  const { shop } = await meet(async (message, key) => ({ messages: [await receipt(key, message)] }));
  const thread = await shop.grant(grant);
  assert.equal((await shop.record(thread)).state, 'given');
  assert.deepEqual(shop.kept.misconduct, []);
});

test('an unsigned problem decides nothing, and the same bytes are sent again', async () => {
  const answers = [() => unsigned('overloaded', 503, true), async (message, key) => ({ messages: [await receipt(key, message)] })];
  const { shop, received } = await meet((message, key) => answers.shift()(message, key));
  await assert.rejects(shop.grant(grant), (error) => error instanceof Undecided && error.code === 'overloaded' && error.retry);
  assert.equal(shop.kept.pending.length, 1);
  await shop.send();
  assert.deepEqual(received[1], received[0]);
  assert.deepEqual(shop.kept.pending, []);
});

test('a message that the vendor cannot take does not hold up a withdrawal', async () => {
  const { shop } = await meet(async (message, key) => message.type === 'terms.proffer' ? unsigned('handler-failed', 503, true)
    : { messages: [await receipt(key, message, { state: message.type === 'consent.grant' ? 'given' : 'withdrawn', previous: message.inReplyTo })] });
  const thread = await shop.grant(grant);
  await assert.rejects(shop.proffer('SD-BASE'), Undecided);
  await shop.withdraw(thread);
  assert.equal((await shop.record(thread)).state, 'withdrawn');
});

for (const [what, forge] of Object.entries({
  'signed with another key': async (key, message) => receipt({ ...(await signer()), method: key.method }, message),
  'that names a key which is not pinned': (key, message) => receipt({ ...key, method: `${did}#key-2` }, message),
  'changed after it was signed': async (key, message) => ({ ...(await receipt(key, message)), created: now().toISOString() }),
  'for somebody else': async (key, message) => receipt(key, message, {}, { to: (await signer()).did }),
  'of another thread': (key, message) => receipt(key, message, {}, { thread: `urn:uuid:${crypto.randomUUID()}` }),
  'dated long before its message': (key, message) => receipt(key, message, {}, { created: '2026-03-02T09:24:59.999Z' }),
  'dated long after the clock': (key, message) => receipt(key, message, {}, { created: '2026-03-02T09:35:00.001Z' }),
})) {
  test(`a receipt ${what} is none`, async () => {
    const { shop } = await meet(async (message, key) => ({ messages: [await forge(key, message)] }));
    await assert.rejects(shop.grant(grant), Undecided);
    assert.deepEqual([shop.kept.entries, shop.kept.receipts], [[], {}]);
  });
}

test('a state other than ours is noticed', async () => {
  const { shop } = await meet(async (message, key) => ({ messages: [await receipt(key, message, { state: 'withdrawn' })] }));
  const thread = await shop.grant(grant);
  assert.equal((await shop.record(thread)).state, 'given');
  assert.equal(shop.kept.misconduct.length, 1);
});

test('of two entries with one predecessor the first stays, and the other is refused', async () => {
  const heard = { where: 'a call', when: '2026-03-02T09:00:00.000Z' };
  let granted;
  const { shop, received } = await meet(async (message, key, url) => {
    if (url.endsWith('/messages')) return { messages: [await receipt(key, granted = message)] };
    const members = { type: 'consent.withdraw', thread: granted.thread, inReplyTo: await digest(granted), body: { heard } };
    const messages = [await write(key, message.from, members), await write(key, message.from, members)];
    return { cursor: '1', messages: received.length > 2 ? [] : messages };
  });
  const thread = await shop.grant(grant);
  await shop.collect();
  assert.equal((await shop.record(thread)).state, 'withdrawn');
  assert.equal(shop.kept.misconduct.length, 1);
  await shop.collect();
  const answers = received.at(-1).body.receipts.map(({ body }) => body.problem?.type.split('#')[1] ?? body.state);
  assert.deepEqual(answers, ['withdrawn', 'stale-head']);
});

test('a void message keeps its place, and the receipt says why', async () => {
  let head;
  const { shop } = await meet(async (message, key, url) => {
    if (url.endsWith('/messages')) return { messages: [await receipt(key, head = message, { state: 'proffered' })] };
    const body = { terms: { id: 'SD-BASE-ATP', digest: shop.kept.entries[0].message.body.choices[0].digest } };
    const members = { type: 'terms.accept', thread: head.thread, inReplyTo: await digest(head), body };
    return { cursor: '1', messages: [await write(key, message.from, members)] };
  });
  const thread = await shop.proffer('SD-BASE');
  await shop.collect();
  assert.equal((await shop.record(thread)).state, 'proffered');
  assert.equal(shop.kept.entries.length, 2);
  assert.equal(shop.kept.owed[0].body.problem.type.split('#')[1], 'terms-not-offered');
});

test('a signed refusal is final', async () => {
  const problem = { type: 'https://w3id.org/opencmr/v1/problems#wrong-state', title: 'No', status: 409, fault: 'sender', retry: false };
  const { shop } = await meet(async (message, key) => ({ messages: [await write(key, message.from, {
    type: 'receipt', thread: message.thread, body: { of: await digest(message), outcome: 'refused', problem },
  })] }));
  await assert.rejects(shop.grant(grant), (error) => error instanceof Refused && error.code === 'wrong-state');
  assert.deepEqual([shop.kept.pending, shop.kept.entries], [[], []]);
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
