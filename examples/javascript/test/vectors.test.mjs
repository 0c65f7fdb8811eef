/** Every vector of spec/v1/vectors that is the customer's, named in the manifest. Where a kind is skipped, it says why. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { bytesOf, canonical, digest, hex, multibase, Problem, read, sha256, unhex } from '../canonical.mjs';
import { publicBytes, signer, verify } from '../keys.mjs';
import { fold } from '../history.mjs';
import { check, hashData, sign } from '../proof.mjs';
import { checkBody, checkEnvelope, checkShape } from '../shapes.mjs';
import { table } from '../spec.mjs';
import { may } from './decisions.mjs';
import { heard, keptOf, stated, told } from './told.mjs';

const VECTORS = new URL('../../../spec/v1/vectors/', import.meta.url);
const text = async (path) => (await readFile(new URL(path, VECTORS), 'utf8')).replace(/\n$/, '');
const json = async (path) => JSON.parse(await text(path));

/** Runs something, and gives its result or, of a Problem, code and pointer. */
async function outcome(run) {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { problem: error.code, pointer: error.pointer };
  }
}

async function refused(run, { problem, pointer, or = [] }) {
  const { value, ...got } = await outcome(run);
  if (or.includes(got.problem)) return;
  assert.deepEqual(got, { problem, pointer: pointer ?? got.pointer });
}

/** Kind → what one case shows. */
const kinds = {
  async canonical({ input, result, value, canonicalUtf8 }) {
    if (canonicalUtf8 !== undefined) assert.equal(canonical(value), canonicalUtf8);
    if (input === undefined) return;
    const bytes = input.hex !== undefined ? unhex(input.hex) : new TextEncoder().encode(input.utf8);
    if (!result.canonical) return refused(() => read(bytes), result);
    assert.deepEqual(bytesOf(read(bytes)), bytes);
    assert.equal(await digest(bytes), result.digest);
  },
  async keys({ did, bytesHex, publicKeyHex, digest: right, problem }) {
    if (bytesHex !== undefined) return assert.equal(await digest(unhex(bytesHex)), right);
    const run = () => publicBytes(did.slice('did:key:'.length));
    if (problem) return refused(run, { problem });
    assert.equal(hex(run()), publicKeyHex);
  },
  async proof({ official, folder, message, pinned, problem, pointer }) {
    if (official) return officialProof(official);
    if (message) {
      const run = async () => {
        checkEnvelope(message);
        await check(message, pinned);
        checkBody(message);
      };
      return problem ? refused(run, { problem, pointer }) : run();
    }
    const [unsigned, options, key] = await Promise.all(['unsigned', 'options', 'key'].map((name) => json(`${folder}/${name}.json`)));
    assert.equal(canonical(unsigned), await text(`${folder}/canonicalDocument.txt`));
    assert.equal(canonical(options), await text(`${folder}/canonicalOptions.txt`));
    assert.equal(hex(await sha256(bytesOf(unsigned))), await text(`${folder}/documentHash.txt`));
    assert.equal(hex(await sha256(bytesOf(options))), await text(`${folder}/optionsHash.txt`));
    assert.equal(hex(await hashData({ ...unsigned, proof: options })), await text(`${folder}/combined.txt`));
    const mine = await signer(key.seedHex);
    assert.equal(mine.did, `did:key:${key.publicKeyMultibase}`);
    const signed = await sign(unsigned, { ...mine, method: options.verificationMethod });
    assert.equal(hex(multibase(signed.proof.proofValue)), await text(`${folder}/signature.txt`));
    assert.equal(canonical(signed), await text(`${folder}/signed.json`));
  },
  async message({ file, valid, problem, pointer }) {
    const example = await table(file);
    const run = () => checkShape(read(bytesUnchecked(valid ? example : example.message)));
    if (!valid) return refused(run, { problem, pointer });
    run();
  },
  async mutant({ of, change, accepted, problem, pointer }) {
    const run = () => checkShape(read(bytesUnchecked(changed(mutated.get(of), change))));
    if (!accepted) return refused(run, { problem, pointer });
    run();
  },
  async thread({ customer, vendor, keys, words, said, answers, asks = [], ...right }) {
    const kept = await keptOf({ vendor, keys, words: words ?? said });
    if (words) for (const { message } of kept.words) await check(message, keys); // what they fold to
    else await collected(kept, customer, answers); // what a customer makes of the answers of the mailbox
    const history = await fold(kept);
    const got = told(history);
    for (const [name, value] of Object.entries(got)) {
      if (name in right) assert.deepEqual(value, name === 'places' ? right.places.map(stated) : right[name], name);
    }
    for (const { question, at, now, ...answer } of asks) assertDecision(await history.may(question, at, { now }), answer);
  },
  decision({ facts, question, at, now, answer, reason, evidence }) {
    assertDecision(may(facts, question, at, now), { answer, reason, evidence });
  },
  'decision-roster'([terms, action, purpose, data, recipient, ...right]) {
    const [since, at] = ['2026-03-01T12:00:00.000Z', '2026-03-05T12:00:00.000Z'];
    const { answer, reason } = may([{ kind: 'agreement', terms, place: 1, at: since, evidence: [] }], { action, purpose, data, recipient }, at);
    assert.deepEqual([answer, reason], right);
  },
};

/** Compares what a customer makes of each answer of the mailbox. */
async function collected(kept, did, answers) {
  const got = await heard(kept, did, answers);
  const plain = (findings) => findings.map(({ code, words }) => `${code} ${[...words].sort()}`).sort();
  for (const [i, { expect: { asked = [], shows, chain, waiting, pending } }] of answers.entries()) {
    assert.deepEqual([got[i].chain, got[i].pending], [chain, pending]);
    assert.deepEqual([...got[i].waiting].sort(), [...waiting].sort());
    assert.deepEqual(plain(got[i].shows), plain(shows));
    for (const [j, answer] of asked.entries()) assertDecision(got[i].asked[j], answer);
  }
}

function assertDecision(got, { answer, reason, evidence }) {
  assert.deepEqual([got.answer, got.reason, [...got.evidence].sort()], [answer, reason, [...evidence].sort()]);
}

/** The vector of the W3C's own suite. It is no message: its proof has members that OpenCMR leaves out. */
async function officialProof(folder) {
  const signed = await json(`${folder}/signedJCS.json`);
  assert.equal(hex(await hashData(signed)), await text(`${folder}/combinedHashJCS.txt`));
  assert.equal(hex(multibase(signed.proof.proofValue)), await text(`${folder}/sigHexJCS.txt`));
  const key = publicBytes((await json(`${folder}/keyPair.json`)).publicKeyMultibase);
  assert.ok(await verify(key, await hashData(signed), multibase(signed.proof.proofValue)));
}

/** The bytes in canonical order, but of what canonical form refuses too: so that `read` is what refuses it. */
const bytesUnchecked = (value) => new TextEncoder().encode(JSON.stringify(sorted(value)));
const sorted = (value) => Array.isArray(value) ? value.map(sorted) : value === null || typeof value !== 'object' ? value
  : Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));

const mutated = new Map();

/** A copy of a message with one change. */
function changed(message, { op, path, value, to }) {
  const copy = structuredClone(message);
  const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop();
  const parent = steps.reduce((at, step) => at[step], copy);
  if (op === 'remove') Array.isArray(parent) ? parent.splice(Number(last), 1) : delete parent[last];
  else if (op === 'rename') [parent[to], parent[last]] = [parent[last], undefined];
  else if (op === 'add' && Array.isArray(parent)) parent.splice(last === '-' ? parent.length : Number(last), 0, value);
  else parent[last] = value;
  if (op === 'rename') delete parent[last];
  return copy;
}

const { files } = await json('manifest.json');
for (const [path, { kind }] of Object.entries(files)) {
  const all = (await json(path)).cases;
  const delivered = all.filter(({ receive }) => receive);
  const cases = all.filter(({ receive }) => !receive);
  if (delivered.length) test(`${path}: ${delivered.length} deliveries`, { skip: "receiving is the vendor's side" }, () => {});
  if (cases.length) test(`${path}: ${cases.length} of kind ${kind}`, () => run(kind, cases));
}

async function run(kind, cases) {
  assert.ok(kinds[kind], `a kind that nobody here knows: ${kind}`);
  if (kind === 'mutant') for (const { of } of cases) mutated.has(of) || mutated.set(of, await table(of));
  const failures = [];
  for (const one of cases) {
    try {
      await kinds[kind](one);
    } catch (error) {
      failures.push(`${one.id}: ${error.message.replaceAll('\n', ' ')}`);
    }
  }
  assert.equal(failures.length, 0, `${failures.length} of ${cases.length} failed:\n${failures.slice(0, 30).join('\n')}`);
}
