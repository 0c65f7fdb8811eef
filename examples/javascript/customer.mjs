/**
 * The customer's side of OpenCMR: one key for each vendor, what was said, and what it comes to.
 *
 * What is kept is a plain object: `JSON.stringify(customer)` is the backup, and `new Customer(JSON.parse(text))` reads
 * it. It holds the private keys. Pass `save`, and it is called, and awaited, whenever something must not be lost.
 */

import { bytesOf, digest, Problem, read } from './canonical.mjs';
import { publicBytes, signer } from './keys.mjs';
import { MINUTE, shifted } from './chain.mjs';
import { isOverdue } from './families/data.mjs';
import { familyOf, isNarrowing } from './families/index.mjs';
import { keyDigest } from './families/relationship.mjs';
import { answeredBy, fold, introducedBy, isKeyGood, isWhole, pathTo, show } from './history.mjs';
import { check, sign } from './proof.mjs';
import { checkBody, checkOutside, checkShape, checkSpoken } from './shapes.mjs';
import { problems, roster } from './spec.mjs';

const AHEAD = 10 * MINUTE;
const WEEK = 7 * 24 * 60 * MINUTE;
const ANSWER = { size: 8 * 1024 * 1024, depth: 34 }; // many messages, two levels down
const HANDED = { size: 147_456 - 64, messages: 200 }; // at once (TRN-20)
const WRONG = ['conflict', 'answered-twice', 'other-outcome', 'other-state']; // what shows that a vendor is at fault
const BARE = { redirect: 'error', credentials: 'omit' }; // TRN-1, and no cookies
const REGISTRY = 'https://w3id.org/opencmr/v1/problems#';

/** The vendor's no. `Refused` is signed and final; `Undecided` decides nothing: `send` sends the same bytes again. */
class No extends Error {
  /** @param {any} [problem] as RFC 9457 has it @param {object} [more] */
  constructor({ type, title, detail, pointer, expected, retry = true } = {}, more = {}) {
    super([title ?? 'the vendor did not answer', detail].filter(Boolean).join(': '), { cause: more.cause });
    Object.assign(this, { code: type?.replace(REGISTRY, ''), pointer, expected, retry }, more);
  }
}
export class Refused extends No {}
export class Undecided extends No {}

/** The vendor's signed words say what the rules do not bear out. The finding is kept. */
export class Misconduct extends Error {
  constructor(finding) {
    super([finding.code, finding.why].filter(Boolean).join(': '));
    this.finding = finding;
  }
}

const isLoopback = (host) => /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3})(:\d+)?$/.test(host);

/** Where the document of a did:web is: https, plain http on loopback only (IDN-3). @param {string} did */
export function documentUrl(did) {
  const [, host, port = '', path] = /^did:web:([A-Za-z0-9.-]+)(%3A\d{1,5})?((?::[A-Za-z0-9._-]+)*)$/.exec(did) ?? [];
  if (!host || /:\.\.?(:|$)/.test(path)) throw new Error(`${did} is no did:web`);
  const where = path.replaceAll(':', '/') || '/.well-known';
  return `http${isLoopback(host) ? '' : 's'}://${host}${port.replace('%3A', ':')}${where}/did.json`;
}

/**
 * What counts of a DID document: the keys that may sign, and the URL of the service (IDN-13). A document belongs to its
 * vendor, who may use it for more than OpenCMR: other keys, services and members are passed over.
 * @param {string} did @param {any} document @returns {{pinned: Record<string, string>, service: string}}
 */
export function readDocument(did, document) {
  if (document?.id !== did) throw new Error(`the document is of ${document?.id}`); // IDN-4
  const whole = (url) => (typeof url === 'string' && url.startsWith('#') ? did + url : url);
  const isOurs = (url) => typeof url === 'string' && url.startsWith(`${did}#`) && /^[A-Za-z0-9._-]{1,100}$/.test(url.slice(did.length + 1));
  const list = (name) => {
    if (!Array.isArray(document[name] ?? [])) throw new Error(`${name} is no list`);
    return document[name] ?? [];
  };
  const named = new Set(list('assertionMethod').map(whole));
  const pinned = {};
  for (const method of list('verificationMethod')) {
    const { id, type, controller, publicKeyMultibase: key } = method ?? {};
    const url = whole(id);
    if (type !== 'Multikey' || controller !== did || !isOurs(url) || !named.has(url)) continue;
    if (typeof key !== 'string' || !/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/.test(key)) continue; // not of Ed25519
    publicBytes(key);
    if ((pinned[url] ??= key) !== key) throw new Error(`two keys are ${url}`);
  }
  if (!Object.keys(pinned).length) throw new Error(`no key of ${did} may sign`);
  const service = list('service').find((each) => [each?.type].flat().includes('OpenCMR') && typeof each.serviceEndpoint === 'string');
  if (!service) throw new Error(`${did} has no service of OpenCMR`);
  return { pinned, service: service.serviceEndpoint };
}

/** The reference to an agreement of the roster. @param {string} code */
export const termsRef = (code) => ({ id: code, digest: roster.get(code).digest });

export class Customer {
  /** @param {Record<string, any>} [kept] vendor's DID → what is kept of the relationship @param {object} [options] */
  constructor(kept = {}, { fetch = (...asked) => globalThis.fetch(...asked), now = () => new Date(), save = () => {} } = {}) {
    this.kept = kept;
    this.options = { fetch, now, save: () => save(this.kept) };
  }

  toJSON() {
    return this.kept;
  }

  /** The relationship with a vendor. At the first meeting: a fresh key, and the vendor's keys pinned. @param {string} did */
  async meet(did) {
    this.kept[did] ??= { vendor: did, ...(await this.#discover(did)), seed: (await signer()).seed,
      words: [], left: [], given: {}, owed: [], lost: [], noticed: [] };
    await this.options.save();
    return new Relationship(this.kept[did], await signer(this.kept[did].seed), this.options);
  }

  async #discover(did) {
    const response = await this.options.fetch(documentUrl(did), BARE);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!response.ok || bytes.length > 65_536) throw new Error(`no DID document of ${did}`);
    const { pinned, service } = readDocument(did, JSON.parse(new TextDecoder().decode(bytes)));
    const endpoint = new URL(service);
    if (endpoint.protocol !== 'https:' && !isLoopback(endpoint.host)) throw new Error('the endpoint is not https');
    return { pinned, endpoint: endpoint.href.replace(/\/$/, '') };
  }
}

/**
 * Dealings with one vendor under one key. `kept` is all of it; what it comes to is computed from its words.
 * @typedef {object} Kept
 * @property {import('./history.mjs').Word[]} words the vendor's and our own, in the order in which they came
 * @property {string} [tip] the vendor's last word up to which its chain is held without a gap: what we have `seen`
 * @property {string[]} left the vendor's words on branches that its chain has left
 * @property {Record<string, any>} given our receipts, by the digest of what they answer; `owed`: those that we bring next
 * @property {string[]} lost words of ours that can never come good, as an unsigned problem says
 * @property {string[]} [was] the DIDs of before, and `seeds`: the secrets of before and of a move that waits, by DID
 * @property {any[]} noticed what the vendor's signed words have shown, for good
 */
export class Relationship {
  constructor(kept, me, options) {
    Object.assign(this, { kept, me, ...options });
  }

  /** Who signs under one of our DIDs. @param {string} did */
  async #as(did) {
    return did === this.me.did ? this.me : signer(this.kept.seeds[did]);
  }

  /** All that was said, in its places. */
  history = () => fold(this.kept);

  /** What a thread comes to. @param {string} id */
  async record(id) {
    const thread = (await this.history()).threads.get(id);
    return thread && show(thread);
  }

  /**
   * Whether the vendor may do something; a no of ours denies from when it was said.
   * @param {{action: string, purpose: string, data?: string, recipient?: string, channel?: string, thread?: string}} asked
   * @param {string} [at] an instant; without: now
   */
  async may({ recipient, ...asked }, at) {
    const who = recipient === this.kept.vendor ? 'vendor' : recipient;
    const how = { now: at === undefined, mine: true };
    return (await this.history()).may({ ...asked, ...(who && { recipient: who }) }, at ?? this.now().toISOString(), how);
  }

  /** What among the noticed shows that the vendor is at fault; the rest accuses nobody. */
  get misconduct() {
    return this.kept.noticed.filter(({ code }) => WRONG.includes(code));
  }

  /**
   * Says something, and waits for the vendor's receipt.
   * @param {string} type @param {object} body @param {string} [thread] the thread that it goes on; without, it opens one
   * @param {{expires?: string}} [more] by when it must have taken its place: a week, if nothing else is said
   * @returns {Promise<string>} the thread's id
   */
  async say(type, body, thread, more = {}) {
    if (!isNarrowing(type, 'customer') && (await this.#moving()).move) throw new Error('a move waits for its receipt: send first');
    const expires = isNarrowing(type, 'customer') ? undefined : shifted(this.now().toISOString(), WEEK);
    const prior = this.kept.words.findLast(({ message }) => message.from !== this.kept.vendor)?.digest;
    const message = await this.#write(type, body, { thread, prior, seen: this.kept.tip, expires, ...more });
    checkShape(message);
    const of = await digest(message);
    this.kept.words.push({ message, digest: of });
    await this.save();
    const undecided = await this.send().catch((error) => error);
    const receipt = (await this.history()).receipts.get(of);
    const wrong = this.misconduct.find(({ words }) => words.includes(of));
    if (wrong) throw new Misconduct(wrong);
    if (!receipt) throw undecided ?? new Undecided({ title: 'given up', retry: false });
    if (receipt.outcome === 'refused') throw new Refused(receipt.problem, { receipt });
    return message.thread;
  }

  /** Sends what has no place yet: the same bytes, as often as it takes (TRN-6). */
  async send() {
    let faults = await this.#sendAll();
    const isUnknown = ({ code, cause }) => code === 'behind' || cause?.some?.((each) => each.code === 'wrong-key'); // introduced there
    if (faults.some(isUnknown) || (await this.history()).waiting.length) {
      await this.collect();
      faults = [...faults.filter(({ retry }) => retry === false), ...(await this.#sendAll())];
    }
    if (faults.length) throw faults[0];
  }

  /** What keeps something from having its place. It must not hold up a withdrawal, or another thread. */
  async #sendAll() {
    const faults = [];
    const held = new Map(); // thread → why what is to be said in it has to wait
    for (const word of inTurn((await this.history()).pending)) {
      const { message: { type, thread }, digest: of } = word;
      const narrowing = isNarrowing(type, 'customer');
      if (this.kept.lost.includes(of)) continue;
      const fault = (!narrowing && held.get(thread)) || (await this.#sendOne(word).catch((error) => error));
      if (!fault) continue;
      faults.push(fault);
      held.set(thread, fault);
      if (fault.retry === false && !narrowing) this.kept.lost.push(of); // unsigned words can't stop a withdrawal
    }
    return faults;
  }

  async #sendOne({ message, digest: of }) {
    const dropped = await this.#takeIn((await this.#post('messages', message)).messages);
    if ((await this.history()).receipts.has(of)) return;
    throw new Undecided({ title: 'no receipt that goes on from what was said before' }, { cause: dropped });
  }

  /** Collects what waits, and brings our receipts for what came before. @param {number} [wait] seconds, up to 30 */
  async collect(wait = 0) {
    for (let more = true; more; wait = 0) {
      const before = this.kept.tip;
      const owed = this.kept.owed.slice(0, 20);
      const receipts = owed.map((of) => this.kept.given[of]);
      const answer = await this.#ask({ limit: 100, ...(wait && { wait }), ...(owed.length && { receipts }) });
      this.kept.owed = this.kept.owed.filter((of) => !owed.includes(of));
      await this.#takeIn(answer.messages, true); // the next collect says that it is seen
      more = answer.more && this.kept.tip !== before;
    }
  }

  /**
   * Opens the relationship, as the first word: announces the next key. Keep its seed in a place of its own, apart from what is
   * kept here (REL-2). @param {import('./keys.mjs').Signer} next from `signer()` @param {string[]} [languages]
   */
  open = async (next, languages) => this.say('relationship.open', { next: await keyDigest(next.did), languages });

  /**
   * Goes on under the key that was announced, and announces the one after it. Where it got no receipt, `send` sends it again.
   * @param {import('./keys.mjs').Signer} next @param {import('./keys.mjs').Signer} after keep its seed apart
   */
  async move(next, after) {
    const { me: { did: was, seed }, kept } = this;
    const opened = [...(await this.history()).threads.values()].find(({ record }) => record?.customer === was);
    kept.seeds = { ...kept.seeds, [was]: seed, [next.did]: next.seed };
    return this.say('relationship.move', { was, next: await keyDigest(after.did) }, opened.id, { from: next.did });
  }

  /** Takes back all that agreements and consents permit. @param {string} [thread] of the opening, where there is one */
  close = (thread) => this.say('relationship.close', {}, thread);

  /** Proffers agreements of the roster, the best first. @param {...string} codes */
  proffer = (...codes) => this.say('terms.proffer', { choices: codes.map(termsRef) });
  /** Grants a consent: with a `statement`, or in the thread of a request. @param {object} body @param {string} [thread] */
  grant = (body, thread) => this.say('consent.grant', body, thread);
  /** Takes a consent back, whole or by keys. @param {string} thread @param {string[]} [keys] */
  withdraw = (thread, keys) => this.say('consent.withdraw', keys ? { keys } : {}, thread);
  /** Says what is wanted. @param {object} body @param {{expires?: string}} [more] */
  cast = (body, more) => this.say('intent.cast', body, undefined, more);

  /** The offers in a thread that are firm now. @param {string} thread */
  async offers(thread) {
    const now = this.now().toISOString();
    const { offers } = (await this.history()).threads.get(thread).record;
    const firm = offers.filter(({ state, expires }) => state === 'firm' && now < expires);
    return firm.map(({ id, digest: of, body, expires }) => ({ thread, id, digest: of, expires, ...body }));
  }

  /** Accepts an offer. @param {any} offer one of `offers` @param {object} [more] payment and benefits */
  accept({ thread, id, digest: of, total }, more = {}) {
    return this.say('offer.accept', { offer: { id, digest: of }, total, ...more }, thread);
  }

  /** Discloses what the order needs, once the receipt has said `ordered` (ORD-1). @param {object[]} discloses */
  async disclose(thread, discloses) {
    if (!(await this.record(thread)).accepted) throw new Error('nothing is ordered yet');
    return this.say('order.disclose', { discloses }, thread);
  }

  /** Asks for what the customer has a right to. @param {'access' | 'export' | 'correct' | 'erase' | 'review'} right @param {object} [more] */
  request = (right, more = {}) => this.say('data.request', { right, ...more });
  /** Takes a request back. @param {string} thread @param {string} [reason] */
  cancel = (thread, reason) => this.say('data.cancel', reason ? { reason } : {}, thread);
  /** Objects: what is named is not to be done any more; what is not named is all. @param {object} [more] */
  object = (more = {}) => this.say('data.object', { right: 'object', ...more });
  /** Shares data that rests on a message. @param {object[]} discloses @param {{id: string, digest: string}} basis @param {string} [thread] */
  share = (discloses, basis, thread) => this.say('data.share', { discloses, basis }, thread);

  /** The threads of the requests with which the vendor is behind. @param {string} [at] an instant; without: now */
  async overdue(at = this.now().toISOString()) {
    const { threads } = await this.history();
    return [...threads.values()].filter(({ record }) => isOverdue(record, at)).map(({ id }) => id);
  }

  async #write(type, body, members = {}) {
    const id = `urn:uuid:${crypto.randomUUID()}`;
    const envelope = { opencmr: '1.0', id, type, from: this.me.did, to: this.kept.vendor, created: this.now().toISOString() };
    const message = { ...envelope, ...members, thread: members.thread ?? id, body };
    return sign(JSON.parse(JSON.stringify(message)), await this.#as(message.from)); // without what is absent
  }

  async #post(path, message) {
    let problem;
    try {
      const headers = { 'Content-Type': 'application/opencmr+json' };
      const request = { ...BARE, method: 'POST', headers, body: bytesOf(message, ANSWER.depth), signal: AbortSignal.timeout(60_000) };
      const response = await this.fetch(`${this.kept.endpoint}/${path}`, request);
      if (response.status !== 200) problem = await response.json();
      const answer = problem ?? read(new Uint8Array(await response.arrayBuffer()), ANSWER);
      if (Array.isArray(answer.messages)) return answer;
    } catch (cause) {
      throw new Undecided({}, { cause });
    }
    throw new Undecided(problem);
  }

  /** Collects; where the vendor was restored from a copy, after it was handed back what it lacks (SEQ-32). */
  async #ask(body) {
    for (let tries = 3; ; tries--) {
      try {
        const { history, move } = await this.#moving();
        const from = history.waiting.some(({ message }) => message.body.of === move?.digest) ? move?.message.from : undefined;
        return await this.#post('mailbox', await this.#write('mailbox.collect', body, { seen: this.kept.tip, ...(from && { from }) }));
      } catch (error) {
        if (!['behind', 'moved'].includes(error.code) || !tries) throw error;
        if (error.code === 'moved') { // the receipt for our move was lost, unless somebody else has moved
          if (!(await this.#moving()).move) throw error;
          await this.#sendAll();
          continue;
        }
        await this.#handBack(error.expected ?? []);
      }
    }
  }

  /** Hands the vendor back its own words, each after what it answers, a request's worth at a time. @param {string[]} held by it */
  async #handBack(held) {
    const all = new Map(this.kept.words.map((word) => [word.digest, word]));
    const path = pathTo(this.kept.tip, all);
    const lacking = path.slice(path.findLastIndex((word) => held.includes(word.digest)) + 1);
    const given = (word) => [answeredBy(word, all)?.message, word.message, this.kept.given[word.digest]].filter(Boolean);
    const groups = lacking.map(given);
    while (groups.length) {
      const to = (group) => group.find(({ from }) => from === this.kept.vendor).to;
      const from = to(groups[0]); // what was said to a DID of before is handed back under that
      const messages = [await this.#write('mailbox.collect', {}, { seen: this.kept.tip, from })];
      const fits = (group) => to(group) === from && messages.length + group.length <= HANDED.messages &&
        bytesOf([...messages, ...group], ANSWER.depth).length <= HANDED.size;
      do messages.push(...groups.shift()); while (groups.length && fits(groups[0]));
      await this.#post('words', { messages });
    }
  }

  /** What is folded, and the move of ours that waits for its receipt, if one does. */
  async #moving() {
    const history = await this.history();
    const isMove = ({ message, digest: of }) => familyOf(message.type)?.forerunner?.(message) && !this.kept.lost.includes(of);
    return { history, move: history.pending.find(isMove) };
  }

  /** The vendor has placed our move: all goes on under its DID, and what waits of our noes is said again under it. */
  async #goOn() {
    const { customer, pending } = await this.history();
    if (!customer || customer === this.me.did || !this.kept.seeds?.[customer]) return;
    this.me = await signer(this.kept.seeds[customer]);
    this.kept.seed = this.me.seed;
    for (const { message, digest: of } of pending.filter((word) => isNarrowing(word.message.type, 'customer'))) {
      const prior = this.kept.words.findLast((word) => word.message.from !== this.kept.vendor).digest;
      const thread = message.thread === message.id ? undefined : message.thread;
      const again = await this.#write(message.type, message.body, { thread, prior, seen: this.kept.tip });
      this.kept.lost.push(of);
      this.kept.words.push({ message: again, digest: await digest(again) });
    }
  }

  /** Takes in what the vendor has sent, in any order, any number of times. Returns what had to be dropped. */
  async #takeIn(messages, collected = false) {
    const dropped = [];
    let last;
    for (const message of messages) {
      try {
        const word = await this.#receive(message);
        if (message.from === this.kept.vendor && !(last?.message.number > message.number)) last = word;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        dropped.push(error);
        const isStrange = collected && ['wrong-key', 'bad-signature'].includes(error.code);
        if (isStrange) this.#notice({ code: 'strange-key', words: [], why: message.proof?.verificationMethod }); // REL-12
      }
    }
    this.#follow(collected ? last : undefined);
    await this.#answer();
    await this.#goOn();
    await this.save();
    return dropped;
  }

  /** The checks 1 to 7 of spec/v1/receiving.md, as a customer makes them. What comes is the vendor's, or our own again. */
  async #receive(message) {
    const bytes = bytesOf(message);
    read(bytes); // 1 size and shape
    const of = await digest(bytes);
    const known = this.kept.words.find((word) => word.digest === of);
    if (known) return known; // 2 already known
    const mine = [this.me.did, ...Object.keys(this.kept.seeds ?? {})];
    const isOurs = mine.includes(message.from);
    if (isOurs ? message.to !== this.kept.vendor : !mine.includes(message.to)) throw new Problem('wrong-addressee', ['to']); // 3
    if (isOurs) checkSpoken(message); // 4 envelope: a vendor's word of an unknown version or type keeps its place, and is void
    checkOutside(message);
    const isWord = message.type !== 'mailbox.collect' && !(isOurs && message.type === 'receipt');
    if (!isWord) throw new Problem('unsupported-type', ['type']);
    if (!isOurs && message.from !== this.kept.vendor) throw new Problem('wrong-key', ['from']); // 5 key, 6 signature
    await check(message, { ...this.kept.pinned, ...introducedBy(this.kept.words) }); // whether it counts is seen at its place
    if (isOurs) checkBody(message); // 7 body: a vendor's faulty word keeps its place, and is void
    const word = { message, digest: of };
    this.kept.words.push(word);
    if (isOurs) this.#notice({ code: 'restored', words: [of] }); // this is an older copy, and finds back
    const now = this.now();
    if (Date.parse(message.created) - now.getTime() > AHEAD) { // it orders nothing, and a person wants to know
      this.#notice({ code: 'date-ahead', words: [of], why: `dated ${message.created}, here it is ${now.toISOString()}` });
    }
    return word;
  }

  /** Goes on from the vendor's last word that has its place; or over to its chain as it stands, where that goes another way. */
  #follow(last) {
    const { kept } = this;
    const held = new Map(kept.words.map((word) => [word.digest, word]));
    const isOn = (path, of) => path.some((word) => word.digest === of);
    const ours = pathTo(kept.tip, held);
    const theirs = (last && pathTo(last.digest, held)) ?? [];
    if (theirs.length && !isOn(ours, last.digest)) {
      const fork = theirs.findIndex((word, i) => word !== ours[i]);
      if (ours[fork]) this.#notice({ code: 'split', words: [ours[fork].digest, theirs[fork].digest] }); // SEQ-29
      kept.tip = theirs[fork - 1]?.digest;
      kept.left = [...kept.left, ...ours.slice(fork).map((word) => word.digest)].filter((of) => !isOn(theirs, of));
    }
    const isNext = ({ digest: of, message: { number, prior } }) =>
      number === this.#seen + 1 && prior === kept.tip && !kept.left.includes(of);
    const goesOn = (word) => {
      if (!isNext(word) || isKeyGood(word, pathTo(kept.tip, held), kept.pinned)) return isNext(word);
      kept.left.push(word.digest); // REL-10: it is no word
      this.#notice({ code: 'strange-key', words: [word.digest], why: word.message.proof.verificationMethod });
      return false;
    };
    const following = () => { // SEQ-30: where one on the path of its last word is next, no other
      const words = kept.words.filter(goesOn);
      const next = words.find((word) => isOn(theirs, word.digest));
      return next ? [next] : words;
    };
    for (let next; (next = following().find((word) => isWhole(word, held))); ) kept.tip = next.digest;
    const [stuck] = last ? following() : []; // what it answers comes before it in the mailbox, or isn't ours
    if (stuck) this.#notice({ code: 'answers-nothing', words: [stuck.digest] });
    const chain = pathTo(kept.tip, held);
    for (const { digest: of, message: { number } } of kept.words) {
      if (!(number <= chain.length) || isOn(chain, of) || kept.left.includes(of)) continue;
      this.#notice({ code: 'split', words: [chain[number - 1].digest, of] });
      kept.left.push(of);
    }
  }

  /** Signs receipts for the vendor's entries that have found their place, and notes what its words show. */
  async #answer() {
    const { threads, findings } = await this.history();
    findings.forEach((finding) => this.#notice(finding));
    for (const { id, entries } of threads.values()) {
      for (const { side, digest: of, outcome, state, problem } of entries) {
        if (side === 'customer' || this.kept.given[of]) continue;
        const refusal = problem && { type: REGISTRY + problem.code, ...problems.get(problem.code), pointer: problem.pointer };
        const body = problem ? { of, outcome: 'refused', problem: refusal } : { of, outcome, state };
        this.kept.given[of] = await this.#write('receipt', body, { thread: id });
        this.kept.owed.push(of);
      }
    }
  }

  /** The number of the vendor's word that `tip` names. */
  get #seen() {
    return this.kept.words.find((word) => word.digest === this.kept.tip)?.message.number ?? 0;
  }

  #notice(finding) {
    const isSame = ({ code, words }) => code === finding.code && words.join() === finding.words.join();
    if (!this.kept.noticed.some(isSame)) this.kept.noticed.push(finding);
  }
}

/** Withdrawals first, but for those whose own thread has something earlier to say. */
function inTurn(pending) {
  const [first, later, busy] = [[], [], new Set()];
  for (const word of pending) {
    const { type, thread } = word.message;
    if (isNarrowing(type, 'customer') && !busy.has(thread)) first.push(word);
    else later.push(word), busy.add(thread);
  }
  return [...first, ...later];
}
