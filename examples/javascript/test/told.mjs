/** What a fold comes to, as the vectors of threads tell it (spec/v1/vectors/README.md). */

import { canonical, digest } from '../canonical.mjs';
import { Relationship } from '../customer.mjs';
import { show } from '../history.mjs';

/** What a wallet keeps that holds these words, and nothing else. */
export async function keptOf({ vendor, keys, words }) {
  const kept = { vendor, pinned: keys, endpoint: 'https://shop.example', words: [], left: [], given: {}, owed: [], lost: [], noticed: [] };
  for (const message of words) kept.words.push({ message, digest: await digest(message) });
  kept.tip = kept.words.findLast(({ message }) => message.from === vendor)?.digest;
  return kept;
}

/** All that can be told of a history. */
export const told = (history) => ({
  places: history.places.map((place) => toldOf(place, history)),
  times: history.chain.times(),
  disputes: history.chain.disputes.map(([seen, word]) => ({ place: history.chain.number(seen), word })),
  pending: history.pending.map((word) => word.digest),
  digests: history.chain.digests,
  threads: Object.fromEntries([...history.threads].map(([id, thread]) => [id, { state: thread.state, record: show(thread) ?? null }])),
});

/** What became of a place, as cases state it; that of a receipt with how it differs from the rules. */
function toldOf({ digest: of, at, outcome, state, problem, knows }, { findings }) {
  const differs = findings.find(({ code, words }) => code.startsWith('other-') && words[0] === of)?.code;
  return stated({
    digest: of, at, outcome, differs, state: ['accepted', 'moot', 'void'].includes(outcome) ? state : undefined,
    knows: knows && outcome !== 'again' ? { seen: knows.upTo, beyond: [...knows.beyond].sort((a, b) => a - b) } : undefined,
    problem: problem?.code, pointer: problem?.pointer,
  });
}
/** Rules and advice are words for people. */
export const stated = ({ rule, expected, ...place }) => JSON.parse(JSON.stringify(place));

const SHOWN = ['answered-twice', 'answers-nothing', 'conflict', 'disputed', 'other-outcome', 'other-state', 'restored', 'split'];

/** What a customer makes of each of these answers of the mailbox. */
export async function heard(kept, did, answers) {
  const me = { did, method: `${did}#${did.slice('did:key:'.length)}`, sign: async () => new Uint8Array(64) };
  const got = [];
  for (const { messages, now, asks = [] } of answers) {
    const fetch = async () => new Response(canonical({ messages, more: false }, 34));
    const known = kept.noticed.length;
    const shop = new Relationship(kept, me, { fetch, now: () => new Date(now), save: () => {} });
    await shop.collect();
    const history = await shop.history();
    const digests = (words) => words.map((word) => word.digest);
    const shows = kept.noticed.slice(known).filter(({ code }) => SHOWN.includes(code)).map(({ code, words }) => ({ code, words }));
    const asked = [];
    for (const question of asks) asked.push(await shop.may(question));
    got.push({ chain: history.chain.digests.length, waiting: digests(history.waiting), pending: digests(history.pending), shows, asked });
  }
  return got;
}
