/**
 * A relationship as its words fold it: the same on both sides (spec/v1/sequence.md). The vendor's words are one chain. A
 * receipt in it gives a word of the customer's its place; it is believed only as far as the rules bear it out (SEQ-28).
 */

import { Problem } from './canonical.mjs';
import { Chain, knows } from './chain.mjs';
import { decide, gather, lasts, question } from './decisions.mjs';
import { BESIDE, besideAfter, blank, rules } from './records.mjs';
import { checkShape } from './shapes.mjs';
import { familyOf, isNarrowing, lifecycles } from './spec.mjs';
import { reaches } from './vocabulary.mjs';

/** @typedef {{message: any, digest: string}} Word @typedef {import('./chain.mjs').Said} Said */

const NOTHING = { upTo: 0, beyond: [] };
const ours = ({ message: { type, to, body } }, held) => {
  const found = type === 'receipt' ? held.get(body.of) : undefined;
  return found?.message.from === to ? found : undefined;
};

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

const NOBODYS = { scheme: '', code: '' }; // a topic that no message can name

export class History {
  chain = new Chain();
  /** Id → id, family, state, record, entries. @type {Map<string, any>} */
  threads = new Map();
  /** Id of a thread of consent → what the noes there take back beside what stands. @type {Map<string, any>} */
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
    if (familyOf(type) === 'consent') this.beside.set(id, besideAfter(this.beside.get(id) ?? BESIDE, said, became.outcome));
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

  /** Checks 8 to 10 of spec/v1/receiving.md: the record after a message; nothing where it is moot. @param {Said} said */
  async #judge({ id, family, state, record, entries }, said) {
    const { message: { id: own, type, expires }, side, at } = said;
    const narrowing = isNarrowing(type, side);
    if (expires <= at && !narrowing) throw new Problem('expired', ['expires']); // SEQ-25, OFR-3
    if (!entries.length && id !== own && !narrowing) throw new Problem('unknown-thread', ['thread']);
    if (side === 'customer' && !narrowing) {
      const missed = entries.filter(({ place }) => !knows(said.knows, place));
      const isFirm = type === 'offer.accept' && missed.every((entry) => entry.side === 'vendor'); // SEQ-7
      if (missed.length && !isFirm) throw new Problem('stale', ['seen']); // SEQ-4
    }
    const table = lifecycles[family]?.transitions ?? []; // LIF-2: none where it began with a type that is not known
    const rows = table.filter((row) => row.type === type && row.from.includes(state));
    const row = rows.find(({ by }) => by.includes(side));
    if (!row && narrowing) return undefined;
    if (!row) throw new Problem(rows.length ? 'wrong-side' : 'wrong-state', ['type']);
    const before = record ?? blank[family](said);
    const evidence = before.evidence && [...before.evidence, said.digest];
    const after = await rules[type]({ ...before, state: row.to[0], evidence }, said, this, before);
    if (!after || !before.steps?.length) return after;
    return { ...after, steps: [...before.steps, { said, state: after.state, left: after.left ?? true }] };
  }

  // Asking

  /**
   * Whether the vendor may do this, at an instant. `now`: that is now, and every word counts; `mine`: the customer asks.
   * @param {any} asked @param {string} at @param {{now?: boolean, mine?: boolean}} [how]
   */
  async may(asked, at, { now, mine } = {}) {
    return decide((await this.#withPending()).#facts(mine), question(asked), at, now);
  }

  /**
   * SEQ-27: an own no denies from when it was said. Those without a place come after all that have one, in their order,
   * each knowing those before it; a grant among them permits nothing, but a no that follows takes it back.
   */
  async #withPending() {
    const view = new History();
    Object.assign(view, { chain: this.chain, threads: new Map(this.threads), beside: new Map(this.beside) });
    const { next } = this.chain;
    const isNo = ({ message }) => isNarrowing(message.type, 'customer');
    const counts = this.pending.filter((word) => isNo(word) || word.message.type === 'consent.grant');
    for (const [i, word] of counts.entries()) {
      const { upTo, beyond } = this.chain.knowledge(word.message);
      const knows = { upTo, beyond: [...beyond, ...Array.from({ length: i }, (_, before) => next + before)] };
      const said = { ...word, side: 'customer', place: next + i, at: word.message.created, knows };
      view.#let(said, isNo(word) ? await view.#take(said) : undefined);
    }
    return view;
  }

  #facts(mine) {
    return gather([...this.threads.values()], [...this.beside.values()], this.chain.times(), mine);
  }

  // What rules ask of the other threads

  #agreements() {
    const bound = [...this.threads.values()].filter(({ family, record }) => family === 'terms' && record?.since);
    return bound.map(({ record }) => record);
  }

  /** TRM-10: whether terms of this scope have begun to bind, or the customer has ended them, that the own word doesn't know. */
  isSuperseded(own, scope) {
    const isNews = (said) => said !== undefined && said.place !== own.place && !knows(own.knows, said.place);
    const { wish, steps = [], closed, state } = this.threads.get(scope?.id)?.record ?? {};
    const over = ['withdrawn', 'cancelled'].includes(state) ? closed : undefined;
    return [wish, steps[0]?.said, over].some(isNews) || this.#agreements().filter((record) => record.scope?.id === scope?.id)
      .some((record) => isNews(record.own) || (record.ended?.side === 'customer' && isNews(record.ended)));
  }

  /** The relationship's own terms: the latest, unless they have ended. What they replaced does not come back. */
  activeTerms() {
    const [latest] = this.#agreements().filter(({ scope }) => !scope).sort((a, b) => b.since.place - a.since.place);
    return latest && !latest.ended ? [latest.terms] : [];
  }

  /** OFR-6: whether a grant has a live item for direct marketing that no other word forbids on all of its data. */
  isBasis(basis, at) {
    const isGrant = ({ digest, id, type, outcome }) =>
      digest === basis?.digest && id === basis.id && type === 'consent.grant' && outcome === 'accepted';
    if (![...this.threads.values()].some(({ entries }) => entries.some(isGrant))) return false;
    const facts = this.#facts();
    const [action, purpose] = ['dpv:Use', 'dpv:DirectMarketing'];
    const reach = ({ actions, purposes }) => actions.some((one) => reaches('action', one, action)) &&
      purposes.some((one) => reaches('purpose', one, purpose));
    const granted = facts.statements.filter((one) => one.source === 'consent' && one.evidence.includes(basis.digest) &&
      reach(one) && lasts(one, at, true));
    const asks = ({ data, channels = [undefined], topics = [NOBODYS] }) => data.flatMap((datum) => channels.flatMap((channel) =>
      topics.map((topic) => question({ action, purpose, data: datum, channel, topic }))));
    return granted.flatMap(asks).some((asked) => decide(facts, asked, at, true).answer === 'permit');
  }
}

function faultOf(message) {
  try {
    checkShape(message);
  } catch (error) {
    return error;
  }
}
