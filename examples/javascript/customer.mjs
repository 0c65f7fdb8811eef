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
const REGISTRY = 'https://w3id.org/opencmr/v1/problems#';

/** The vendor's signed no: final. */
export class Refused extends Error {
  constructor(receipt) {
    const { type, detail, pointer } = receipt.body.problem;
    super([type.replace(REGISTRY, ''), pointer, detail].filter(Boolean).join(' · '));
    Object.assign(this, { code: type.replace(REGISTRY, ''), pointer, receipt });
  }
}

/** No answer, or an unsigned problem: nothing is decided, and the same bytes are sent again by `send`. */
export class Undecided extends Error {
  constructor(problem, cause) {
    super(problem?.detail ?? problem?.title ?? 'the vendor did not answer', { cause });
    Object.assign(this, { code: problem?.type?.replace(REGISTRY, ''), pointer: problem?.pointer, retry: problem?.retry ?? true });
  }
}

/** Where the document of a did:web is: https, plain http on loopback only (IDN-3). @param {string} did */
export function documentUrl(did) {
  const [host, ...path] = did.slice('did:web:'.length).split(':').map(decodeURIComponent);
  const scheme = isLoopback(host) ? 'http' : 'https';
  return `${scheme}://${host}/${[...(path.length ? path : ['.well-known']), 'did.json'].join('/')}`;
}
const isLoopback = (host) => /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3})(:\d+)?$/.test(host);

export class Customer {
  /** @param {Record<string, any>} [kept] vendor's DID → what is kept of the relationship @param {object} [options] */
  constructor(kept = {}, { fetch = globalThis.fetch, now = () => new Date(), save = async () => {} } = {}) {
    this.kept = kept;
    this.options = { fetch, now, save: () => save(this.kept) };
  }

  toJSON() {
    return this.kept;
  }

  /** The relationship with a vendor. At the first meeting: a fresh key, and the vendor's keys pinned. @param {string} did */
  async meet(did) {
    this.kept[did] ??= { vendor: did, seed: (await signer()).seed, ...(await this.#discover(did)), entries: [], waiting: [],
      pending: [], receipts: {}, owed: [], misconduct: [] };
    await this.options.save();
    return new Relationship(this.kept[did], await signer(this.kept[did].seed), this.options);
  }

  async #discover(did) {
    const response = await this.options.fetch(documentUrl(did), { redirect: 'error', credentials: 'omit' });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (!response.ok || bytes.length > 65_536) throw new Error(`no DID document of ${did}`);
    const document = JSON.parse(new TextDecoder().decode(bytes));
    if (document.id !== did) throw new Error(`the document is of ${document.id}`); // IDN-4
    const mine = ({ id, type, controller }) => type === 'Multikey' && controller === did && id.startsWith(`${did}#`) &&
      document.assertionMethod.includes(id);
    const keys = document.verificationMethod.filter(mine).map(({ id, publicKeyMultibase: key }) => [id, key]);
    for (const [, key] of keys) publicBytes(key);
    const endpoint = new URL(document.service.find(({ type }) => type === 'OpenCMR').serviceEndpoint);
    if (endpoint.protocol !== 'https:' && !isLoopback(endpoint.host)) throw new Error('the endpoint is not https');
    return { pinned: Object.fromEntries(keys), endpoint: endpoint.href.replace(/\/$/, '') };
  }
}

/** Dealings with one vendor under one key. `kept` is all of it; the records are computed from it. */
export class Relationship {
  constructor(kept, me, options) {
    Object.assign(this, { kept, me, ...options });
  }

  /** The threads, folded. */
  threads = () => fold(this.kept.entries);

  /** What a thread comes to. @param {string} id */
  record = async (id) => (await this.threads()).get(id)?.record;

  /**
   * Says something, and waits for the vendor's receipt.
   * @param {string} type @param {object} body @param {string} [thread] the thread that it goes on; without, it opens one
   * @param {{expires?: string}} [more] @returns {Promise<string>} the thread's id
   */
  async say(type, body, thread, more = {}) {
    await this.send();
    const head = this.kept.entries.findLast(({ message }) => message.thread === thread)?.digest;
    const message = await this.#write(type, body, { ...(thread && { thread, inReplyTo: head }), ...more });
    checkShape(message);
    const entry = { message, digest: await digest(message), side: 'customer' };
    this.kept.pending.push(entry);
    await this.save();
    await this.send();
    const receipt = this.kept.receipts[entry.digest];
    if (receipt?.body.outcome === 'refused') throw new Refused(receipt);
    return message.thread;
  }

  /** Sends, once more, what the vendor has not decided yet: the same bytes (TRN-6). */
  async send() {
    for (const { message } of [...this.kept.pending]) {
      const { messages } = await this.#post('messages', message);
      await this.#takeIn(messages);
      if (this.kept.pending.some((each) => each.message === message)) throw new Undecided(undefined, 'no valid receipt');
    }
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
    return messages.length;
  }

  /** Proffers agreements of the roster, the best first. @param {...string} codes */
  proffer = (...codes) => this.say('terms.proffer', { choices: codes.map(termsRef) });
  /** Grants a consent: unasked with a `statement`, or in the thread of a request. @param {object} body */
  grant = (body, thread) => this.say('consent.grant', body, thread);
  /** Takes a consent back, whole or by keys. @param {string} thread @param {string[]} [keys] */
  withdraw = (thread, keys) => this.say('consent.withdraw', keys ? { keys } : {}, thread);
  /** Says what is wanted. @param {object} body */
  cast = (body, more) => this.say('intent.cast', body, undefined, more);
  /** Accepts an offer. @param {any} offer one of `offers` */
  accept = (offer, more = {}) =>
    this.say('offer.accept', { offer: { id: offer.message.id, digest: offer.digest }, total: offer.total, ...more }, offer.message.thread);
  /** Discloses what the order needs, once the receipt has said `ordered` (ORD-1). */
  async disclose(thread, discloses) {
    if (!(await this.record(thread))?.accepted) throw new Error('nothing is ordered yet');
    return this.say('order.disclose', { discloses }, thread);
  }
  /** The offers in a thread that are firm now, with their messages. @param {string} thread */
  async offers(thread) {
    const now = this.now().toISOString();
    const messages = new Map(this.kept.entries.map(({ digest: of, message }) => [of, message]));
    return ((await this.record(thread))?.offers ?? []).filter(({ state, expires }) => state === 'firm' && now < expires)
      .map((offer) => ({ ...offer, message: messages.get(offer.digest) }));
  }

  async #write(type, body, members = {}) {
    const id = `urn:uuid:${crypto.randomUUID()}`;
    const created = this.now().toISOString();
    const envelope = { opencmr: '1.0', id, type, from: this.me.did, to: this.kept.vendor, thread: id, created };
    return sign({ ...envelope, ...members, body }, this.me);
  }

  async #post(path, message) {
    let response, bytes;
    try {
      response = await this.fetch(`${this.kept.endpoint}/${path}`, { method: 'POST', redirect: 'error', credentials: 'omit',
        headers: { 'Content-Type': 'application/opencmr+json' }, body: bytesOf(message) });
      bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status === 200) return read(bytes, ANSWER);
    } catch (error) {
      throw new Undecided(undefined, error);
    }
    let problem;
    try { problem = JSON.parse(new TextDecoder().decode(bytes)); } catch { /* not a problem document */ }
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
    await this.#place();
    await this.save();
    return dropped;
  }

  /** The checks of spec/v1/receiving.md, as a customer makes them. */
  async #receive(message) {
    const { entries, waiting, pending, receipts } = this.kept;
    const bytes = bytesOf(message);
    read(bytes); // 1 size and shape
    const of = await digest(bytes);
    if (receipts[message.body?.of]?.id === message.id) return; // 2 already known
    if ([...entries, ...waiting].some((entry) => entry.digest === of)) return;
    if (message.to !== this.me.did) throw new Problem('wrong-addressee', ['to']); // 3 addressee
    let fault; // 4 model: a faulty body is void, and keeps its place
    try { checkShape(message); } catch (error) { checkEnvelope(message); fault = error; }
    if (message.from !== this.kept.vendor) throw new Problem('wrong-key', ['from']); // 5 and 6 key and signature
    await check(message, this.kept.pinned);
    if (Date.parse(message.created) > this.now().getTime() + AHEAD) throw new Problem('too-early', ['created']); // 8 time
    if (message.type !== 'receipt') {
      waiting.push({ message, digest: of, side: 'vendor', at: message.created, previous: message.inReplyTo });
      return;
    }
    if (fault) throw fault;
    const index = pending.findIndex((entry) => entry.digest === message.body.of);
    if (index < 0) {
      if (receipts[message.body.of]) this.kept.misconduct.push(message); // two receipts for one message
      return;
    }
    const { message: said } = pending[index];
    const early = Date.parse(message.created) < Date.parse(said.created) - AHEAD;
    if (early || message.thread !== said.thread) throw new Problem('unknown-reference', ['body', 'of']); // SEQ-11, COR-7
    const [entry] = pending.splice(index, 1);
    receipts[entry.digest] = message;
    if (message.body.outcome !== 'refused') waiting.push({ ...entry, at: message.created, previous: message.body.previous });
  }

  /** Gives every message its place whose predecessor has one, and answers the vendor's. */
  async #place() {
    const { entries, receipts, misconduct } = this.kept;
    const placed = [];
    for (let found = true; found; ) {
      const heads = new Map(entries.map(({ message, digest: head }) => [message.thread, head]));
      found = this.kept.waiting.find(({ message, previous }) => heads.get(message.thread) === previous);
      if (found) {
        this.kept.waiting = this.kept.waiting.filter((each) => each !== found);
        placed.push(found.digest);
        entries.push(found);
      }
    }
    const threads = await this.threads();
    for (const { entry, outcome, state, problem } of [...threads.values()].flatMap(({ places }) => places)) {
      if (!placed.includes(entry.digest)) continue;
      if (entry.side === 'vendor') await this.#owe(entry, problem ?? { outcome, state });
      else if (receipts[entry.digest].body.outcome !== outcome || receipts[entry.digest].body.state !== state) {
        misconduct.push(receipts[entry.digest]); // the two sides disagree, and find out at once
      }
    }
    for (const fork of this.kept.waiting.filter(({ message, previous }) =>
      entries.some((entry) => entry.message.thread === message.thread && entry.previous === previous))) {
      this.kept.waiting = this.kept.waiting.filter((each) => each !== fork);
      misconduct.push(fork.message); // two entries with one predecessor: the one held first stays
      if (fork.side === 'vendor') await this.#owe(fork, new Problem('stale-head', ['inReplyTo']));
    }
  }

  async #owe({ message: { thread }, digest: of }, result) {
    const { code, pointer } = result;
    const body = code ? { of, outcome: 'refused', problem: { type: REGISTRY + code, ...problems.get(code), pointer } } : { of, ...result };
    this.kept.owed.push(await this.#write('receipt', body, { thread }));
  }
}

/** @param {string} code of the roster */
export const termsRef = (code) => ({ id: code, digest: roster.get(code) });
