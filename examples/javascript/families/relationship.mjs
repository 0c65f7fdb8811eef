/** Under which key the customer speaks, the keys that the vendor has introduced, and a no to everything (spec/v1/relationship/page.md). */

import { digest, multibase, Problem } from '../canonical.mjs';
import { isStrong } from '../keys.mjs';
import { EVERYTHING } from '../vocabulary.mjs';

/** The digest by which a key is announced: of its 34 multikey bytes. @param {string} did a did:key */
export const keyDigest = (did) => digest(multibase(did.slice('did:key:'.length)));

/** @type {import('./index.mjs').Family} */
export const relationship = {
  name: 'relationship',
  blank: () => ({ state: 'none', moves: [], closings: [], keys: [], spent: [], evidence: [] }),
  neverStale: ['relationship.move'], // REL-5
  forerunner: ({ type, body }) => (type === 'relationship.move' ? body.was : undefined),
  admits,
  rules: {
    async 'relationship.open'(here, said, { chain }) {
      if (said.message.prior || chain.answers) throw new Problem('wrong-state', ['type']); // REL-1
      return under({ ...here, since: said, languages: said.message.body.languages }, said);
    },
    async 'relationship.move'(here, said) {
      if (!(await admits(here, said.message))) throw new Problem('wrong-state', ['body', 'was']); // REL-4
      return under({ ...here, moves: [...here.moves, said] }, said);
    },
    'relationship.close': (here, said, history) => ({ ...here, closings: closed(here.closings, said, history) }),
    'key.introduce'(here, said) {
      strong(said.message.body.key);
      return { ...here, keys: [...here.keys, said] };
    },
  },
  show: ({ state, customer, next, since, languages, moves, closings, keys, evidence }) => ({
    record: 'relationship', state, customer, next, since: since?.at, languages,
    moves: some(moves.map(({ message, at }) => ({ to: message.from, at }))),
    closed: some(closings.map(({ since: { at } }) => at)),
    keys: some(keys.map(({ message: { body }, at }) => ({ key: body.key, at, from: body.from, ends: body.ends }))), evidence,
  }),
  misplaced({ type, from, body }) {
    if (type === 'relationship.move' && body.was === from) return [['body', 'was']]; // REL-4
    if (type !== 'key.introduce') return [];
    const isWrong = (url) => !url.startsWith(`${from}#`) || url === `${from}#${body.key}`; // REL-11
    return (body.ends ?? []).flatMap((url, i) => (isWrong(url) ? [['body', 'ends', i]] : []));
  },
  introduces: ({ type, body }) => (type === 'key.introduce' ? body : undefined),
  statements: ({ closings }, thread, when) => closings.map(({ since, own }) => ({
    permit: false, source: 'withdrawn', actions: [EVERYTHING.action], data: [EVERYTHING.data], vendor: true, own,
    at: when(since), evidence: [since.digest],
  })),
  onTerms: ({ closings }) => closings.map(({ own }) => ({ said: own, every: true })),
};

const some = (list) => (list.length ? list : undefined);

/** Whether a message is a move from the customer's DID to the key that was announced. */
async function admits({ customer, next }, { type, from, body }) {
  return type === 'relationship.move' && body.was === customer && (await keyDigest(from)) === next;
}

async function under(here, { message: { from, body } }) {
  const spent = [...here.spent, await keyDigest(from)];
  if (spent.includes(body.next)) throw new Problem('wrong-state', ['body', 'next']); // REL-3
  return { ...here, customer: from, next: body.next, spent };
}

function strong(key) {
  if (!isStrong(key)) throw new Problem('weak-key', ['body', 'key']); // REL-9
}

/** The closings with one more. Without a yes between them the later one stands for both, since the first. */
function closed(before, said, history) {
  const last = before.at(-1);
  if (!last || history.saidYesSince(last.own.place)) return [...before, { since: said, own: said }];
  return [...before.slice(0, -1), { ...last, own: said }];
}
