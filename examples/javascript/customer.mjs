/**
 * The customer's side of OpenCMR: one key for each vendor, what was said, and what it comes to.
 *
 * What is kept is a plain object: `JSON.stringify(customer)` is the backup, and `new Customer(JSON.parse(text))` reads
 * it. It holds the private keys. Pass `save`, and it is called, and awaited, whenever something must not be lost.
 */

import { bytesOf, digest, Problem, read } from './canonical.mjs';
import { publicBytes, signer } from './keys.mjs';
import { fold } from './lifecycle.mjs';
import { check, sign } from './proof.mjs';
import { checkEnvelope, checkShape } from './shapes.mjs';
import { problems, roster } from './spec.mjs';

const AHEAD = 5 * 60_000;
const ANSWER = { size: 100 * 65_536 + 4096, depth: 34 }; // up to 100 messages, two levels down
const BARE = { redirect: 'error', credentials: 'omit' }; // TRN-1, and no cookies
const REGISTRY = 'https://w3id.org/opencmr/v1/problems#';

/** The vendor's no. `Refused` is signed and final; `Undecided` decides nothing: `send` sends the same bytes again. */
class No extends Error {
  /** @param {any} [problem] as RFC 9457 has it @param {object} [more] */
  constructor({ type, title, detail, pointer, retry = true } = {}, more = {}) {
    super([title ?? 'the vendor did not answer', detail].filter(Boolean).join(': '), { cause: more.cause });
    Object.assign(this, { code: type?.replace(REGISTRY, ''), pointer, retry }, more);
  }
}
export class Refused extends No {}
export class Undecided extends No {}

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
export const termsRef = (code) => ({ id: code, digest: roster.get(code) });

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
    this.kept[did] ??= { vendor: did, ...(await this.#discover(did)), seed: (await signer()).seed, entries: [],
      pending: [], receipts: {}, owed: [], misconduct: [] };
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

/** Dealings with one vendor under one key. `kept` is all of it; what it comes to is computed from its entries. */
export class Relationship {
  constructor(kept, me, options) {
    Object.assign(this, { kept, me, ...options });
  }

  /** What a thread comes to. @param {string} id */
  record = async (id) => (await fold(this.kept.entries)).get(id)?.record;

  /**
   * Says something, and waits for the vendor's receipt.
   * @param {string} type @param {object} body @param {string} [thread] the thread that it goes on; without, it opens one
   * @param {{expires?: string}} [more] @returns {Promise<string>} the thread's id
   */
  async say(type, body, thread, more = {}) {
    const { pending, entries, receipts } = this.kept;
    const waiting = pending.findLast(({ message }) => message.thread === thread);
    const head = waiting?.digest ?? (await fold(entries)).get(thread)?.head;
    const message = await this.#write(type, body, { ...(thread && { thread, inReplyTo: head }), ...more });
    checkShape(message);
    const of = await digest(message);
    pending.push({ message, digest: of, side: 'customer' });
    await this.save();
    const undecided = await this.send().catch((error) => error);
    if (!receipts[of]) throw undecided;
    if (receipts[of].body.outcome === 'refused') throw new Refused(receipts[of].body.problem, { receipt: receipts[of] });
    return message.thread;
  }

  /** Sends what the vendor has not decided yet: the same bytes, as often as it takes (TRN-6). */
  async send() {
    let undecided;
    for (const { message, digest: of } of [...this.kept.pending]) {
      try {
        const dropped = await this.#takeIn((await this.#post('messages', message)).messages);
        if (!this.kept.receipts[of]) throw new Undecided({ title: 'no valid receipt' }, { cause: dropped });
      } catch (error) {
        undecided ??= error; // and go on: what the vendor can't take now must not hold up a withdrawal
      }
    }
    if (undecided) throw undecided;
  }

  /** Collects what waits, and brings our receipts for what came before. @param {number} [wait] seconds, up to 30 */
  async collect(wait = 0) {
    const receipts = this.kept.owed.slice(0, 20);
    const body = { limit: 100, wait, ...(this.kept.cursor && { after: this.kept.cursor }), ...(receipts.length && { receipts }) };
    const { messages, cursor } = await this.#post('mailbox', await this.#write('mailbox.collect', body));
    this.kept.owed.splice(0, receipts.length);
    const dropped = await this.#takeIn(messages);
    if (!dropped.some(({ code }) => code === 'too-early')) this.kept.cursor = cursor; // acknowledges with the next collect
    await this.save();
  }

  /** Proffers agreements of the roster, the best first. @param {...string} codes */
  proffer = (...codes) => this.say('terms.proffer', { choices: codes.map(termsRef) });
  /** Grants a consent: with a `statement`, or in the thread of a request. @param {object} body @param {string} [thread] */
  grant = (body, thread) => this.say('consent.grant', body, thread);
  /** Takes a consent back, whole or by keys. @param {string} thread @param {string[]} [keys] */
  withdraw = (thread, keys) => this.say('consent.withdraw', keys ? { keys } : {}, thread);
  /** Says what is wanted. @param {object} body @param {{expires?: string}} [more] */
  cast = (body, more) => this.say('intent.cast', body, undefined, more);

  /** The offers in a thread that are firm now, each with its message. @param {string} thread */
  async offers(thread) {
    const now = this.now().toISOString();
    const firm = (await this.record(thread)).offers.filter(({ state, expires }) => state === 'firm' && now < expires);
    return firm.map((offer) => ({ ...offer, message: this.kept.entries.find((entry) => entry.digest === offer.digest).message }));
  }

  /** Accepts an offer. @param {any} offer one of `offers` @param {object} [more] payment and benefits */
  accept({ message: { id, thread }, digest: of, total }, more = {}) {
    return this.say('offer.accept', { offer: { id, digest: of }, total, ...more }, thread);
  }

  /** Discloses what the order needs, once the receipt has said `ordered` (ORD-1). @param {object[]} discloses */
  async disclose(thread, discloses) {
    if (!(await this.record(thread)).accepted) throw new Error('nothing is ordered yet');
    return this.say('order.disclose', { discloses }, thread);
  }

  async #write(type, body, more = {}) {
    const id = `urn:uuid:${crypto.randomUUID()}`;
    const envelope = { opencmr: '1.0', id, type, from: this.me.did, to: this.kept.vendor, thread: id };
    return sign({ ...envelope, created: this.now().toISOString(), ...more, body }, this.me);
  }

  async #post(path, message) {
    let problem;
    try {
      const headers = { 'Content-Type': 'application/opencmr+json' };
      const request = { ...BARE, method: 'POST', headers, body: bytesOf(message), signal: AbortSignal.timeout(60_000) };
      const response = await this.fetch(`${this.kept.endpoint}/${path}`, request);
      if (response.status !== 200) problem = await response.json();
      const answer = problem ?? read(new Uint8Array(await response.arrayBuffer()), ANSWER);
      if (Array.isArray(answer.messages)) return answer;
    } catch (cause) {
      throw new Undecided({}, { cause });
    }
    throw new Undecided(problem);
  }

  /** Takes in what the vendor has sent, in any order, any number of times. Returns what had to be dropped. */
  async #takeIn(messages) {
    const dropped = [];
    for (const message of messages) {
      try {
        await this.#receive(message);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        dropped.push(error);
      }
    }
    await this.#answer();
    await this.save();
    return dropped;
  }

  /** The checks of spec/v1/receiving.md, as a customer makes them. */
  async #receive(message) {
    const { entries, pending, receipts, misconduct } = this.kept;
    const bytes = bytesOf(message);
    read(bytes); // 1 size and shape
    const of = await digest(bytes);
    const known = entries.find((entry) => entry.digest === of || (entry.side === 'vendor' && entry.message.id === message.id));
    if (known?.digest === of || receipts[message.body?.of]?.id === message.id) return; // 2 already known
    if (known) throw new Problem('conflict', ['id']);
    if (message.to !== this.me.did) throw new Problem('wrong-addressee', ['to']); // 3 addressee
    let fault; // 4 model: an entry with a faulty body keeps its place, and is void
    try { checkShape(message); } catch (error) { fault = error; }
    if (fault) checkEnvelope({ ...message, opencmr: '1.0' });
    if (message.type === 'mailbox.collect') throw new Problem('unsupported-type', ['type']);
    if (message.from !== this.kept.vendor) throw new Problem('wrong-key', ['from']); // 5 key, 6 signature
    await check(message, this.kept.pinned);
    if (Date.parse(message.created) > this.now().getTime() + AHEAD) throw new Problem('too-early', ['created']); // 8 time
    if (message.type !== 'receipt') return void entries.push({ message, digest: of, side: 'vendor', at: message.created });
    if (fault) throw fault;
    if (receipts[message.body.of]) return void misconduct.push(message); // two receipts for one message
    const ours = pending.find((entry) => entry.digest === message.body.of);
    const early = Date.parse(message.created) < Date.parse(ours?.message.created) - AHEAD;
    if (!ours || early || message.thread !== ours.message.thread) throw new Problem('unknown-reference', ['body', 'of']); // SEQ-11, COR-7
    pending.splice(pending.indexOf(ours), 1);
    receipts[ours.digest] = message;
    if (message.body.outcome !== 'refused') entries.push({ ...ours, at: message.created, previous: message.body.previous });
  }

  /** Answers the entries that have found their place: 9 state, 10 effect. The vendor's receipts are compared with it. */
  async #answer() {
    for (const { places } of (await fold(this.kept.entries)).values()) {
      for (const { entry, outcome, state, problem } of places) {
        if (entry.answered || outcome === 'missing') continue;
        const { message: { thread }, digest: of, side } = entry;
        const said = this.kept.receipts[of];
        const disagrees = side === 'customer' && (said.body.outcome !== outcome || said.body.state !== state);
        if (outcome === 'fork' || disagrees) this.kept.misconduct.push(side === 'customer' ? said : entry.message);
        const refusal = problem && { type: REGISTRY + problem.code, ...problems.get(problem.code), pointer: problem.pointer };
        const body = problem ? { of, outcome: 'refused', problem: refusal } : { of, outcome, state };
        if (side === 'vendor') this.kept.owed.push(await this.#write('receipt', body, { thread }));
        entry.answered = true;
      }
    }
  }
}
