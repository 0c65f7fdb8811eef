/**
 * What the messages of a relationship come to: the tables of spec/v1/<family>/lifecycle.json, and the rules across
 * members that stand on the family pages. No clock, no network: the same entries always fold to the same records.
 */

import { canonical, digest, Problem } from './canonical.mjs';
import { checkShape, isPrivate } from './shapes.mjs';
import { lifecycles, roster, vocabulary } from './spec.mjs';

/**
 * @typedef {object} Entry a message that both sides hold
 * @property {any} message @property {string} digest @property {'customer' | 'vendor'} side
 * @property {string} at its place time: `created` of the vendor's receipt, or of the vendor's own message
 * @property {string} [previous] of a customer's message: the entry before it, as the vendor's receipt says
 */

const knows = ({ transitions, narrowing }, type) => type in narrowing || transitions.some((row) => row.type === type);
const familyOf = (type) => Object.keys(lifecycles).find((family) => knows(lifecycles[family], type));

/**
 * The threads of a relationship, by id: head, state, record, and in `places` what became of each entry.
 * @param {Entry[]} entries in the order in which they came
 */
export async function fold(entries) {
  const threads = new Map();
  const { placed, left } = place(entries);
  for (const entry of placed) {
    const { thread: id, type } = entry.message;
    const thread = threads.get(id) ?? { id, family: familyOf(type), state: 'none', record: undefined, places: [], held: {} };
    let outcome, problem;
    try {
      outcome = await judge(thread, entry, threads);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      [outcome, problem] = ['void', error];
    }
    thread.head = entry.digest;
    thread.places.push({ entry, outcome, state: thread.state, problem });
    threads.set(id, thread);
  }
  for (const { entry, outcome } of left) {
    const problem = outcome === 'fork' ? new Problem('stale-head', ['inReplyTo']) : undefined;
    threads.get(entry.message.thread)?.places.push({ entry, outcome, problem });
  }
  return threads;
}

/** Follows the links: each entry has its place after its predecessor, and of two with one the first that came. */
function place(entries) {
  const [placed, heads, known] = [[], new Map(), new Set([undefined])];
  const before = ({ message, side, previous }) => (side === 'vendor' ? message.inReplyTo : previous);
  let waiting = entries;
  for (let found = true; found; ) {
    const next = waiting.filter((entry) => {
      const { digest: link, message: { thread } } = entry;
      if (before(entry) !== heads.get(thread)) return true;
      heads.set(thread, link);
      known.add(link);
      placed.push(entry);
      return false;
    });
    found = next.length < waiting.length;
    waiting = next;
  }
  const left = waiting.map((entry) => ({ entry, outcome: known.has(before(entry)) ? 'fork' : 'missing' }));
  return { placed: placed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), left };
}

/** Lets one entry take effect: `accepted`, `moot`, or a Problem that makes it void. */
async function judge(thread, entry, threads) {
  const { message: { type, expires }, side, at } = entry;
  checkShape(entry.message);
  const narrowing = lifecycles[familyOf(type)]?.narrowing[type]?.includes(side);
  if (side === 'vendor' && expires <= at && !narrowing) throw new Problem('expired', ['expires']);
  const rows = lifecycles[thread.family]?.transitions.filter((row) => row.type === type && row.from.includes(thread.state));
  const row = rows?.find(({ by }) => by.includes(side));
  if (!row && narrowing) return 'moot';
  if (!thread.family && isPrivate(type)) return 'accepted';
  if (!row) throw new Problem(rows?.length ? 'wrong-side' : 'wrong-state', ['type']);
  const before = thread.record ?? { ...blank[thread.family], ...(thread.family === 'intent' && { since: at }) };
  const changes = await rules[type](entry, before, thread.held, threads);
  if (!changes) return 'moot';
  const { held, ...visible } = { state: row.to[0], ...changes };
  if (before.evidence) visible.evidence = [...before.evidence, entry.digest];
  thread.record = JSON.parse(JSON.stringify({ ...before, ...visible })); // leaves out what is undefined
  thread.held = { ...thread.held, ...held };
  thread.state = thread.record.state;
  return 'accepted';
}

const blank = {
  terms: { record: 'agreement', evidence: [] },
  consent: { record: 'consent', items: [] },
  intent: { record: 'dealing', wants: [], offers: [], disclosed: [], progress: [], evidence: [] },
};

/**
 * Type → what a message that has a row changes: members of the record, and in `held` what later rules need besides.
 * Nothing, where it is moot.
 */
const rules = {
  // terms/page.md
  'terms.proffer': async ({ message: { body } }) => ({
    choices: await resolveAll(body.choices, [], ['body', 'choices']),
    scope: body.scope === 'relationship' ? undefined : body.scope,
  }),
  'terms.counter': async ({ message: { body } }, { choices }) =>
    ({ counter: await resolve(body.terms, choices, ['body', 'terms']) }),
  'terms.accept': async ({ message: { body }, at }, { counter, choices }) =>
    ({ terms: await pick(body.terms, counter ? [counter] : choices, ['body', 'terms']), since: at }),
  'terms.decline': ({ at }) => ({ ended: at }),
  'terms.terminate': ({ at }) => ({ ended: at }),

  // consent/page.md. That a grant is within its request is for the vendor to check, before it gives it a place.
  'consent.request'({ message: { body, expires }, digest: asked, at }) {
    body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
    const items = body.items.map((item) =>
      ({ key: item.key, state: 'requested', since: at, until: body.until, evidence: [asked], item }));
    return { ...consent(items), asked, held: { expires } };
  },
  'consent.grant'({ message: { body }, digest: granted, at }, { asked, items, state }, held) {
    body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
    if (!asked && !body.statement) throw new Problem('unasked-without-statement', ['body', 'statement']);
    if (state !== 'given' && held.expires <= at) throw new Problem('expired', ['inReplyTo']);
    const given = body.items.map((item) => ({
      key: item.key, state: 'given', since: at, until: [body.until, item.until ?? body.until].sort()[0],
      evidence: asked ? [granted, asked] : [granted], item,
    }));
    return consent([...items.filter(({ key }) => !given.some((item) => item.key === key)), ...given]);
  },
  'consent.refuse': noWord,
  'consent.withdraw': noWord,

  // intent/page.md
  'intent.cast': wish,
  'intent.amend': wish,
  'intent.withdraw': ({ at }, { offers }) =>
    ({ closed: at, offers: offers.map((offer) => (offer.state === 'firm' ? { ...offer, state: 'lapsed' } : offer)) }),
  async 'offer.make'({ message, digest: made, at }, { offers }, { cast, terms, ...held }, threads) {
    const { body, expires } = message;
    if (held.expires <= at) throw new Problem('expired', ['created']); // INT-4
    if (!cast && !isLive(body.basis, at, threads)) throw new Problem('no-basis', ['body', 'basis']); // OFR-6
    body.lines.forEach(({ want }, i) => checkIndex(want, cast?.wants ?? [], ['body', 'lines', i, 'want'])); // OFR-5
    checkTerms(body, ['body']); // needs
    checkSum(body);
    const under = await pick(body.under, cast ? terms : agreed(threads), ['body', 'under']); // OFR-4, OFR-7
    return {
      offers: [...offers, { digest: made, state: 'firm', total: body.total, expires, under }],
      held: { made: { ...held.made, [made]: message } },
    };
  },
  'offer.decline'({ message: { body } }, { offers }, held) {
    const found = find(body.offer, offers, held);
    return found?.state === 'firm' ? { offers: turn(offers, found, 'declined') } : undefined;
  },
  'offer.accept'({ message: { body }, at }, { offers }, held) {
    const found = find(body.offer, offers, held);
    if (!found) throw new Problem('unknown-reference', ['body', 'offer']);
    if (found.state !== 'firm' || found.expires <= at) throw new Problem('offer-not-firm', ['body', 'offer']);
    checkTotal(body.total, found.total); // OFR-10
    return { offers: turn(offers, found, 'accepted'), accepted: found.digest };
  },
  'order.disclose': ({ message: { body }, at }, { state }, held) => ({ state, ...disclosed(body.discloses, at, held) }),
  'order.confirm'({ message: { body } }, { offers, accepted }) {
    checkTotal(body.total, offers.find((offer) => offer.digest === accepted).total); // ORD-2
    return { reference: body.reference };
  },
  'order.fulfil'({ message: { body: { status, lines = [] } }, at }, { accepted, progress }, { made }) {
    lines.forEach((line, i) => checkIndex(line, made[accepted].body.lines, ['body', 'lines', i])); // ORD-3
    const done = status === 'done';
    return { state: done ? 'done' : 'fulfilling', progress: [...progress, { status, at }], closed: done ? at : undefined };
  },
  'order.cancel'({ message: { body: { refund, fee } }, side, at }, { state, closed }, held) {
    const settled = side === 'vendor' && Boolean(refund ?? fee); // ORD-4
    if (state === 'cancelled' && (held.settled || !settled)) return undefined; // ORD-5
    return { closed: closed ?? at, ...(settled && { refund, fee }), held: { settled } };
  },
};

const named = async ({ id, digest: of, document }) =>
  document ? { id: document.id, digest: await digest(document) } : { id, digest: of };

/** Terms by id and digest: on the roster, carried here, or earlier in the thread. Nothing is fetched. */
async function resolve(ref, carried, path) {
  const terms = await named(ref);
  const right = roster.get(terms.id) ?? carried.find(({ id }) => id === terms.id)?.digest;
  const wrong = [...path, ...(ref.document ? ['document', 'id'] : ['digest'])];
  if (right && right !== terms.digest) throw new Problem('terms-mismatch', wrong);
  if (!right && !ref.document) throw new Problem('terms-unknown', [...path, 'id']);
  ref.document?.rules.forEach((rule, i) => checkTerms(rule, [...path, 'document', 'rules', i]));
  return terms;
}

async function resolveAll(refs, carried, path) {
  const terms = [];
  for (const [i, ref] of refs.entries()) terms.push(await resolve(ref, [...carried, ...terms], [...path, i]));
  return terms;
}

/** The one of the terms put forward that a reference names. */
async function pick(ref, choices, path) {
  const terms = await named(ref);
  if (choices.some((choice) => canonical(choice) === canonical(terms))) return terms;
  const same = choices.some(({ id }) => id === terms.id);
  throw new Problem(same ? 'terms-mismatch' : 'terms-not-offered', path);
}

const consent = (items) => ({
  items: items.sort((a, b) => (a.key < b.key ? -1 : 1)),
  state: ['given', 'requested', 'withdrawn', 'refused'].find((state) => items.some((item) => item.state === state)),
});

function noWord({ message: { body: { keys } }, digest: said, at }, { items }) {
  const after = { requested: 'refused', given: 'withdrawn' };
  const meant = ({ state, key }) => state in after && (keys?.includes(key) ?? true);
  const turned = (item) => ({ ...item, state: after[item.state], since: at, evidence: [said, ...item.evidence] });
  return items.some(meant) ? consent(items.map((item) => (meant(item) ? turned(item) : item))) : undefined;
}

async function wish({ message: { body, expires }, at }, _, held) {
  const terms = await resolveAll(body.terms, held.carried ?? [], ['body', 'terms']);
  const shown = disclosed(body.discloses ?? [], at, held);
  checkTerms(body, ['body']); // onAccept
  const carried = [...(held.carried ?? []), ...terms];
  return { ...shown, wants: body.wants.map(({ name }) => name), held: { ...shown.held, cast: body, expires, terms, carried } };
}

function disclosed(data, at, { data: known = [] }) {
  data.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
  const isNew = (datum) => !known.some((each) => canonical(each.datum) === canonical(datum));
  const all = [...known, ...data.filter(isNew).map((datum) => ({ datum, at }))];
  return { disclosed: all.map(({ datum, at: when }) => ({ data: datum.data, at: when })), held: { data: all } };
}

const isBelow = (kind, term, broad) => term === broad || vocabulary[kind][term]?.broader.some((up) => isBelow(kind, up, broad));

/** OFR-6: whether a grant has an item for direct marketing that still stands. */
const isLive = (basis, at, threads) => Boolean(basis) && [...threads.values()].some(({ family, record }) =>
  family === 'consent' && record?.items.some(({ state, until, evidence, item }) =>
    state === 'given' && at < until && evidence[0] === basis.digest &&
    item.purposes.some((purpose) => isBelow('purpose', 'dpv:DirectMarketing', purpose))));

/** OFR-7: the relationship's active agreement. */
const agreed = (threads) => [...threads.values()].map(({ record }) => record)
  .filter((record) => record?.record === 'agreement' && record.state === 'active' && !record.scope)
  .sort((a, b) => (a.since < b.since ? 1 : -1)).slice(0, 1).map(({ terms }) => terms);

const find = ({ id, digest: of }, offers, { made = {} }) => offers.find((offer) => offer.digest === of && made[of].id === id);
const turn = (offers, found, state) => offers.map((offer) => (offer === found ? { ...offer, state } : offer));

/** A decimal string in millionths. */
const micros = (amount) => BigInt(amount.split('.')[0] + (amount.split('.')[1] ?? '').padEnd(6, '0'));

/** OFR-1, OFR-2: what lines and adjustments add up to, in one currency. */
function checkSum({ lines, adjustments = [], total }) {
  const amounts = [...adjustments.map(({ amount }, i) => [amount, ['body', 'adjustments', i, 'amount', 'currency']]),
    ...lines.map(({ price }, i) => [price, ['body', 'lines', i, 'price', 'currency']])];
  for (const [amount, path] of amounts) if (amount.currency !== total.currency) throw new Problem('wrong-total', path);
  const sum = amounts.reduce((soFar, [{ amount }]) => soFar + micros(amount), 0n);
  if (sum !== micros(total.amount)) throw new Problem('wrong-total', ['body', 'total']);
}

function checkTotal(said, right) {
  if (micros(said.amount) === micros(right.amount) && said.currency === right.currency) return;
  throw new Problem('wrong-total', ['body', 'total']);
}

function checkIndex(index, list, path) {
  if (index >= list.length) throw new Problem('unknown-reference', path);
}

const KINDS = { action: 'action', actions: 'action', data: 'data', needs: 'data', onAccept: 'data', purpose: 'purpose', purposes: 'purpose' };

/** Each term of a part, whether it has one or a list of a kind, is in the vocabulary. */
function checkTerms(part, path) {
  for (const [name, kind] of Object.entries(KINDS)) {
    [part[name] ?? []].flat().forEach((term, i) => {
      const step = Array.isArray(part[name]) ? [name, i] : [name];
      if (!vocabulary[kind][term]) throw new Problem('unknown-term', [...path, ...step]);
    });
  }
}
