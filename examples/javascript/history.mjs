/**
 * A relationship as its words fold it: the same on both sides (spec/v1/sequence.md). The vendor's words are one chain. A
 * receipt in it gives a word of the customer's its place; it is believed only as far as the rules bear it out (SEQ-28).
 */

import { Problem } from './canonical.mjs';
import { Chain, knows } from './chain.mjs';
import { decide, question, statementsOfTerms } from './decisions.mjs';
import { familyOf, isNarrowing } from './families/index.mjs';
import { isStrong } from './keys.mjs';
import { checkShape } from './shapes.mjs';

/** @typedef {{message: any, digest: string}} Word @typedef {import('./chain.mjs').Said} Said */

const NOTHING = { upTo: 0, beyond: [] };
const ours = ({ message: { type, to, body } }, held) => {
  const found = type === 'receipt' ? held.get(body.of) : undefined;
  return found?.message.from === to ? found : undefined;
};

const forerunner = (message) => familyOf(message.type)?.forerunner?.(message);

/** The customer's word that a receipt of the vendor's answers; one that names another thread answers nothing (COR-7). */
export function answeredBy(word, held) {
  const found = ours(word, held);
  return found?.message.thread === word.message.thread ? found : undefined;
}

/** The vendor's words up to one, in their order; none where one is missing. @param {string} [digest] @param {Map<string, Word>} held */
export function pathTo(digest, held) {
  const path = [];
  for (let of = digest; of !== undefined; of = held.get(of).message.prior) {
    if (!held.has(of)) return undefined;
    path.push(held.get(of));
  }
  return path.reverse();
}

/**
 * Whether the key of a vendor's word counts: it is pinned, or was introduced on the path before it, and it has neither ended nor
 * begins later (REL-10). @param {Word} word @param {Word[]} path the vendor's words before it @param {Record<string, string>} pinned
 */
export function isKeyGood({ message: { from, created, proof } }, path, pinned) {
  const url = proof.verificationMethod;
  let isGood = url in pinned ? undefined : false;
  for (const { message } of path) {
    const introduced = faultOf(message) ? undefined : familyOf(message.type)?.introduces?.(message);
    if (!introduced) continue;
    const [isIt, hasBegun] = [url === `${from}#${introduced.key}`, (introduced.from ?? '') <= created];
    if (hasBegun && (isIt || introduced.ends?.includes(url))) isGood = isIt;
    else if (isIt) isGood ??= false;
  }
  return isGood ?? true;
}

/** The keys that the vendor's words introduce, by their URLs. @param {Word[]} words */
export const introducedBy = (words) => Object.fromEntries(words.flatMap(({ message }) => {
  const key = faultOf(message) ? undefined : familyOf(message.type)?.introduces?.(message)?.key;
  return key && isStrong(key) ? [[`${message.from}#${key}`, key]] : [];
}));

/** Whether a vendor's word can take its place: a receipt needs what it answers. @param {Word} word @param {Map<string, Word>} held */
export const isWhole = (word, held) =>
  word.message.type !== 'receipt' || Boolean(ours(word, held) ?? faultOf(word.message));

/**
 * The history that a wallet holds.
 * @param {{words: Word[], tip?: string, left?: string[], vendor: string}} kept `tip`: where the chain ends; `left`: words off it
 */
export async function fold({ words, tip, left = [], vendor }) {
  const held = new Map(words.map((word) => [word.digest, word]));
  const history = new History();
  for (const word of pathTo(tip, held)) await history.follow(word, answeredBy(word, held));
  const { chain } = history;
  for (const pair of chain.disputes) history.find('disputed', pair);
  history.pending = words.filter(({ digest, message }) => message.from !== vendor && !chain.placeOf(digest));
  history.waiting = words.filter(({ digest, message }) =>
    message.from === vendor && !chain.number(digest) && !left.includes(digest));
  return history;
}

export class History {
  chain = new Chain();
  /** Id → id, family, state, record, entries. @type {Map<string, any>} */
  threads = new Map();
  /** Id of a thread → what the noes there take back beside what stands, where its family keeps that. @type {Map<string, any>} */
  beside = new Map();
  /** Digest of a customer's word → what the receipt says that gives it its place. @type {Map<string, any>} */
  receipts = new Map();
  /** What became of each of the vendor's words, in their order; of a receipt: of what it answers, and what that knew. */
  places = [];
  /** What the signed words show: a code, and the digests of two. @type {{code: string, words: string[], why?: string}[]} */
  findings = [];
  /** The customer's words without a place. @type {Word[]} */
  pending = [];
  /** The vendor's words before which something is missing. @type {Word[]} */
  waiting = [];
  /** The DID under which the customer speaks by now. @type {string | undefined} */
  customer;

  find(code, words, why) {
    this.findings.push({ code, words, ...(why && { why }) });
  }

  /** Takes in the vendor's next word, whatever it says. @param {Word} word @param {Word} [answered] what it is the receipt for */
  async follow(word, answered) {
    const { message, digest } = word;
    const [first, malformed] = [this.chain.wordOf(message.id), faultOf(message)];
    if (first) this.find('conflict', [first, digest]);
    const isEntry = message.type !== 'receipt'; // a receipt gives a place whatever its id
    const fault = malformed ?? (first && isEntry ? new Problem('conflict', ['id']) : undefined);
    const point = { digest, place: this.chain.next, at: this.chain.placeTime(message.created) };
    let became = { outcome: 'nothing', problem: fault };
    if (isEntry) {
      const thread = await this.#take({ ...word, ...point, side: 'vendor', knows: NOTHING }, fault);
      became = this.#let({ ...word, ...point, side: 'vendor', knows: NOTHING }, thread);
    } else if (!fault && answered) {
      became = await this.#answer(message, digest, { ...answered, side: 'customer', place: point.place, at: point.at });
    }
    this.places.push({ ...became, ...point });
    this.chain.add(digest, message, fault ? undefined : answered);
    if (!fault) this.customer ??= answered?.message.from;
  }

  /** A receipt gives a word of the customer's its place, and is compared with what the rules say of it. */
  async #answer({ body }, receipt, answered) {
    const words = [receipt, answered.digest];
    if (this.chain.placeOf(answered.digest)) return this.find('answered-twice', words), { outcome: 'again' };
    const said = { ...answered, knows: this.chain.knowledge(answered.message) };
    const thread = await this.#take(said);
    const entry = thread.entries.at(-1);
    const right = entry.problem ? { outcome: 'refused' } : entry;
    const rules = `by the rules: ${entry.problem?.message ?? `${entry.outcome}, ${entry.state}`}`;
    if (body.outcome !== right.outcome) this.find('other-outcome', words, rules);
    else if (body.state !== right.state) this.find('other-state', words, rules);
    this.receipts.set(answered.digest, body);
    // SEQ-26: a no-word counts by any receipt, whatever outcome that names.
    const isRefused = body.outcome === 'refused' && !isNarrowing(answered.message.type, 'customer');
    const became = this.#let(said, isRefused ? undefined : thread);
    return { ...became, problem: entry.problem, knows: said.knows };
  }

  /** Lets a word take its place, or be refused there. @param {Said} said @param {any} [thread] with the word in it */
  #let(said, thread) {
    const { type, thread: id } = said.message;
    const became = thread?.entries.at(-1) ?? { outcome: 'refused' };
    if (thread) this.threads.set(id, thread);
    if (became.outcome === 'accepted' && forerunner(said.message)) this.customer = said.message.from;
    const beside = familyOf(type)?.beside && (this.beside.get(id) ?? familyOf(type).beside());
    if (beside) this.beside.set(id, beside.after(said, became.outcome));
    return became;
  }

  /** The thread with an entry in its place. What may not be is void, and changes nothing (SEQ-10). @param {Said} said */
  async #take(said, fault) {
    const { message: { id, type, thread: named }, side, place, at, digest } = said;
    const thread = this.threads.get(named) ?? { id: named, family: familyOf(type), state: 'none', entries: [] };
    let { record } = thread;
    let outcome, problem;
    try {
      if (fault) throw fault;
      if (side === 'customer' && !isNarrowing(type, side)) await this.#checkCustomer(said.message);
      const after = await this.#judge(thread, said);
      outcome = after === undefined ? 'moot' : 'accepted';
      record = after ?? record;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      [outcome, problem] = ['void', error];
    }
    const state = record?.state ?? 'none';
    const entry = { digest, id, type, side, place, at, outcome, state, problem };
    return { ...thread, record, state, entries: [...thread.entries, entry] };
  }

  /** Check 8, first part: the customer speaks under the DID that a message is from, or goes on under it by this very one. */
  async #checkCustomer(message) {
    if (message.from === this.customer) return;
    const { family, record } = this.threads.get(message.thread) ?? {};
    if (record && (await family.admits?.(record, message))) return;
    if (forerunner(message)) throw new Problem('wrong-key', ['from']); // REL-4
    if (this.customer) throw new Problem('moved', ['from']); // REL-7
  }

  /** Checks 8 to 10 of spec/v1/receiving.md: the record after a message; nothing where it is moot. @param {Said} said */
  async #judge({ id, family, state, record, entries }, said) {
    const { message: { id: own, type, expires }, side, at } = said;
    const narrowing = isNarrowing(type, side);
    if (expires <= at && !narrowing) throw new Problem('expired', ['expires']); // SEQ-25, OFR-3
    if (!entries.length && id !== own && !narrowing) throw new Problem('unknown-thread', ['thread']);
    if (side === 'customer' && !narrowing && !family?.neverStale?.includes(type)) {
      const missed = entries.filter(({ place }) => !knows(said.knows, place));
      const isFirm = familyOf(type)?.firm?.includes(type) && missed.every((entry) => entry.side === 'vendor'); // SEQ-7
      if (missed.length && !isFirm) throw new Problem('stale', ['seen']); // SEQ-4
    }
    const table = family?.lifecycle.transitions ?? []; // LIF-2: none where it began with a type that is not known
    const rows = table.filter((row) => row.type === type && row.from.includes(state));
    const row = rows.find(({ by }) => by.includes(side));
    if (!row && narrowing) return undefined;
    if (!row) throw new Problem(rows.length ? 'wrong-side' : 'wrong-state', ['type']);
    const before = record ?? family.blank(said);
    const evidence = before.evidence && [...before.evidence, said.digest];
    return family.rules[type]({ ...before, state: row.to[0], evidence }, said, this, before);
  }

  // Asking

  /**
   * Whether the vendor may do this, at an instant. `now`: that is now, and every word counts; `mine`: the customer asks.
   * @param {any} asked @param {string} at @param {{now?: boolean, mine?: boolean}} [how]
   */
  async may(asked, at, { now, mine } = {}) {
    return decide((await this.#withPending()).facts(mine), question(asked), at, now);
  }

  /**
   * SEQ-27: an own no denies from when it was said. Those without a place come after all that have one, in their order,
   * each knowing those before it; a yes among them permits nothing, but a no that follows takes it back.
   */
  async #withPending() {
    const view = new History();
    Object.assign(view, { chain: this.chain, customer: this.customer, threads: new Map(this.threads), beside: new Map(this.beside) });
    const { next } = this.chain;
    const isNo = ({ message }) => isNarrowing(message.type, 'customer');
    const counts = this.pending.filter((word) => isNo(word) || familyOf(word.message.type)?.beside);
    for (const [i, word] of counts.entries()) {
      const { upTo, beyond } = this.chain.knowledge(word.message);
      const knows = { upTo, beyond: [...beyond, ...Array.from({ length: i }, (_, before) => next + before)] };
      const said = { ...word, side: 'customer', place: next + i, at: word.message.created, knows };
      view.#let(said, isNo(word) ? await view.#take(said) : undefined);
    }
    return view;
  }

  // What the threads say together: to decisions, and to the rules of the families

  /** @param {'bindings' | 'statements' | 'activities' | 'governs' | 'onTerms' | 'known'} what */
  #say(what, ...more) {
    return [...this.threads.values()].flatMap(({ id, family, record }) => (record && family[what]?.(record, id, ...more)) ?? []);
  }

  /** The terms that bind, or have bound. @returns {import('./decisions.mjs').Binding[]} */
  bindings() { return this.#say('bindings'); }

  /** The terms of the personal data that is known to both sides. @returns {string[]} */
  known() { return this.#say('known'); }

  /** TRM-10: the words about the terms of a scope that later ones about them have to know. @param {string} [scope] */
  onTerms(scope) { return this.#say('onTerms').filter((one) => one.every || one.scope === scope).map(({ said }) => said); }

  /** Whether the customer has said anything but no after a place. @param {number} place */
  saidYesSince(place) {
    return [...this.threads.values()].some(({ entries }) => entries.some((entry) =>
      entry.side === 'customer' && entry.place > place && !isNarrowing(entry.type, 'customer')));
  }

  /** All that decisions rest on. @param {boolean} [mine] the customer asks @returns {import('./decisions.mjs').Facts} */
  facts(mine = false) {
    const times = this.chain.times();
    const when = (said) => {
      const at = said && (times[said.place - 1] ?? said.at);
      const isOwnNo = mine && said?.side === 'customer' && (said.isNo ?? isNarrowing(said.message.type, 'customer'));
      return isOwnNo && said.message.created < at ? said.message.created : at; // SEQ-27: it holds from when it was said
    };
    const binding = this.bindings();
    return {
      statements: [...statementsOfTerms(binding, when), ...this.#say('statements', when),
        ...[...this.beside.values()].flatMap((one) => one.statements(when))],
      activities: this.#say('activities', when, times),
      governed: [...binding.filter(({ scope }) => scope), ...this.#say('governs')].map(({ scope, since }) => [scope, when(since)]),
    };
  }
}

/** The record of a thread as plain JSON, the same on both sides; without what is absent. @param {{family: any, record: any}} thread */
export const show = ({ family, record }) => record && JSON.parse(JSON.stringify(family.show(record)));

function faultOf(message) {
  try {
    checkShape(message);
  } catch (error) {
    return error;
  }
}
