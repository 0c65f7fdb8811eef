/**
 * The vendor's words of one relationship, numbered and linked: place, knowing, time (spec/v1/sequence.md).
 * All order comes from the vendor's numbers. A date orders nothing, and is believed as far as nobody has contradicted it.
 */

export const MINUTE = 60_000;
const TOLERANCE = 5 * MINUTE; // how far two honest clocks may differ
const CONTRADICTION = 10 * MINUTE;
const FARTHEST = 1024; // places after what it has seen that a word can know through those before it

const later = (a, b) => (a > b ? a : b);
const earlier = (a, b) => (a < b ? a : b);

/** An instant earlier or later, within the years that the wire can write. @param {string} instant @param {number} ms */
export function shifted(instant, ms) {
  const moved = new Date(Date.parse(instant) + ms).toJSON() ?? instant;
  return /^(?!0000)\d{4}-/.test(moved) ? moved : instant;
}

const UNITS = { Y: 365 * 1440, M: 30 * 1440, W: 7 * 1440, D: 1440, TH: 60, TM: 1 };
/** A rough length, long enough to compare two periods. */
export const minutes = (period) => period.slice(1).split('T').flatMap((part, i) =>
  [...part.matchAll(/(\d+)([A-Z])/g)].map(([, n, unit]) => n * UNITS[i ? `T${unit}` : unit])).reduce((a, b) => a + b, 0);

/**
 * @typedef {{upTo: number, beyond: number[]}} Knowledge the places that a customer's word knows: all up to one, and some
 * @typedef {object} Said a message in its place
 * @property {any} message @property {string} digest @property {'customer' | 'vendor'} side
 * @property {number} place the vendor's number: of its word, or of its receipt for a customer's
 * @property {string} at the place time: deadlines are judged by it
 * @property {Knowledge} [knows] of a customer's word
 */

/** Whether a word knows the one in this place. @param {Knowledge} knowledge @param {number} place */
export const knows = ({ upTo, beyond }, place) => place <= upTo || beyond.includes(place);

export class Chain {
  /** The vendor's words in their order. @type {string[]} */
  digests = [];
  /** Dates that contradict each other, each as the digests of both words. @type {string[][]} */
  disputes = [];
  #dates = [];
  #numbers = new Map();
  #ids = new Map();
  #placed = new Map(); // digest of a customer's word → its place, and what it knows
  #settled = []; // the times of the places that are acknowledged

  /** Whether a word of the customer's has a place, or was refused. */
  get answers() { return this.#placed.size > 0; }
  /** The number of its next. */
  get next() { return this.digests.length + 1; }
  /** @param {string} [digest] of a vendor's word */
  number(digest) { return this.#numbers.get(digest); }
  /** @param {string} digest of any word */
  placeOf(digest) { return this.#placed.get(digest)?.place ?? this.number(digest); }
  /** The vendor's word of this id. @param {string} id */
  wordOf(id) { return this.#ids.get(id); }

  /** What a customer's word knows that takes the next place (SEQ-20). @returns {Knowledge} */
  knowledge({ prior, seen }) {
    const before = this.#placed.get(prior);
    const upTo = Math.max(this.number(seen) ?? 0, before?.knows.upTo ?? 0);
    const beyond = before ? [...before.knows.beyond, before.place] : [];
    return { upTo, beyond: beyond.filter((place) => place > upTo && place <= upTo + FARTHEST) };
  }

  /** When the next word takes its place: as the vendor dates it, but never before what was acknowledged. */
  placeTime(created) { return later(created, this.#settled.at(-1) ?? ''); }

  /** Takes in the vendor's next word; where it is a receipt, with the customer's word that it gives its place. */
  add(digest, { id, created }, answered) {
    this.digests.push(digest);
    this.#dates.push(created);
    this.#numbers.set(digest, this.digests.length);
    if (!this.#ids.has(id)) this.#ids.set(id, digest);
    if (!answered || this.#placed.has(answered.digest)) return;
    const { message } = answered;
    const [place, seen] = [this.digests.length, this.number(message.seen)];
    this.#placed.set(answered.digest, { place, knows: this.knowledge(message) });
    if (!seen || seen === place) return;
    const says = this.#dates[seen - 1];
    if (message.created < shifted(says, -CONTRADICTION)) this.disputes.push([message.seen, answered.digest]); // SEQ-24
    if (message.created >= shifted(says, -TOLERANCE)) this.#settled.push(...this.#bounded(seen)); // acknowledged
  }

  /** The time of every place (SEQ-22): those that are acknowledged don't change any more. */
  times() { return [...this.#settled, ...this.#bounded(this.digests.length)]; }

  /** The times of the places up to the last that are not settled: none later than a date after it. */
  #bounded(last) {
    const times = this.#dates.slice(this.#settled.length, last);
    for (let i = times.length - 2; i >= 0; i--) times[i] = earlier(times[i], times[i + 1]);
    times.forEach((time, i) => { times[i] = later(time, times[i - 1] ?? this.#settled.at(-1) ?? ''); });
    return times;
  }
}
