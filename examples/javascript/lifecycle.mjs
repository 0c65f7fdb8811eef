/**
 * What the messages of a relationship come to: the tables of spec/v1/<family>/lifecycle.json, and the rules across
 * members that stand on the family pages. No clock, no network: the same entries always fold to the same records.
 */

import { canonical, digest, Problem } from './canonical.mjs';
import { checkShape } from './shapes.mjs';
import { lifecycles, roster, vocabulary } from './spec.mjs';

/**
 * @typedef {object} Entry a message in its place
 * @property {any} message @property {string} digest @property {'customer' | 'vendor'} side
 * @property {string} at its place time: `created` of the vendor's receipt, or of the vendor's own message
 *
 * @typedef {object} Thread
 * @property {string} id @property {string} [family] @property {string} state
 * @property {any} [record] what it folds to, as plain JSON
 * @property {{entry: Entry, outcome: 'accepted' | 'moot' | 'void', state: string, problem?: Problem}[]} places
 * @property {any} held what the rules need besides the record
 */

const types = (table) => [...table.transitions.map(({ type }) => type), ...Object.keys(table.narrowing)];
const familyOf = (type) => Object.keys(lifecycles).find((family) => types(lifecycles[family]).includes(type));

/** Whether a message takes something back, and so always takes its place. */
export const isNarrowing = (type, side) => Boolean(lifecycles[familyOf(type)]?.narrowing[type]?.includes(side));

/** All threads of a relationship, by id. @param {Entry[]} entries @returns {Promise<Map<string, Thread>>} */
export async function fold(entries) {
  const threads = new Map();
  for (const entry of entries.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    const { thread: id, type } = entry.message;
    const thread = threads.get(id) ?? { id, family: familyOf(type), state: 'none', places: [], held: {} };
    threads.set(id, thread);
    let outcome, problem;
    try {
      outcome = await judge(thread, entry, threads);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      [outcome, problem] = ['void', error];
    }
    thread.places.push({ entry, outcome, state: thread.state, problem });
  }
  return threads;
}

/** Lets one entry take effect: `accepted`, `moot`, or a Problem that makes it void. */
async function judge(thread, entry, threads) {
  const { message: { type, expires }, side, at } = entry;
  checkShape(entry.message);
  const narrowing = isNarrowing(type, side);
  if (side === 'vendor' && expires <= at && !narrowing) throw new Problem('expired', ['expires']);
  const rows = lifecycles[thread.family]?.transitions.filter((row) => row.type === type && row.from.includes(thread.state));
  const row = rows?.find(({ by }) => by.includes(side));
  if (!row && narrowing) return 'moot';
  if (!row) throw new Problem(rows?.length ? 'wrong-side' : 'wrong-state', ['type']);
  const record = thread.record ?? { ...blank[thread.family], ...(thread.family === 'intent' && { since: at }) };
  const changes = await rules[type](entry, { ...thread, record }, threads);
  if (!changes) return 'moot';
  const evidence = record.evidence && { evidence: [...record.evidence, entry.digest] };
  const { held, ...visible } = { state: row.to[0], ...evidence, ...changes };
  thread.record = Object.fromEntries(Object.entries({ ...record, ...visible }).filter(([, value]) => value !== undefined));
  thread.held = { ...thread.held, ...held };
  thread.state = thread.record.state;
  return 'accepted';
}

const blank = {
  terms: { record: 'agreement', evidence: [] },
  consent: { record: 'consent', items: [] },
  intent: { record: 'dealing', wants: [], offers: [], disclosed: [], progress: [], evidence: [] },
};

/** Type → what a message that has a row changes in the record; nothing where it is moot. */
const rules = {
  // terms/page.md
  'terms.proffer': async ({ message: { body } }) => ({
    choices: await resolveAll(body.choices, [], ['body', 'choices']),
    scope: body.scope === 'relationship' ? undefined : body.scope,
  }),
  'terms.counter': async ({ message: { body } }, { record }) =>
    ({ counter: await resolve(body.terms, record.choices, ['body', 'terms']) }),
  'terms.accept': async ({ message: { body }, at }, { record: { counter, choices } }) =>
    ({ terms: await pick(body.terms, counter ? [counter] : choices, ['body', 'terms']), since: at }),
  'terms.decline': ({ at }) => ({ ended: at }),
  'terms.terminate': ({ at }) => ({ ended: at }),

  // consent/page.md. That a grant is within its request is for the vendor to check, before it gives it a place.
  'consent.request'({ message: { body, expires }, digest: asked, at }) {
    checkItems(body.items);
    const items = body.items.map((item) =>
      ({ key: item.key, state: 'requested', since: at, until: body.until, evidence: [asked], item }));
    return { ...consent(items), asked, held: { expires } };
  },
  'consent.grant'({ message: { body }, digest: granted, at }, { record: { asked, items, state }, held }) {
    checkItems(body.items);
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
  'intent.withdraw': ({ at }, { record: { offers } }) =>
    ({ closed: at, offers: offers.map((offer) => (offer.state === 'firm' ? { ...offer, state: 'lapsed' } : offer)) }),
  async 'offer.make'({ message, digest: made, at }, { record, held }, threads) {
    const { body, expires } = message;
    if (held.expires <= at) throw new Problem('expired', ['created']); // INT-4
    const wanted = held.cast?.wants.length ?? 0;
    if (!held.cast && !isLive(body.basis, at, threads)) throw new Problem('no-basis', ['body', 'basis']);
    body.lines.forEach(({ want }, i) => checkIndex(want, wanted, ['body', 'lines', i, 'want'])); // OFR-5
    checkTerms('data', body.needs, ['body', 'needs']);
    checkSum(body);
    const under = await pick(body.under, held.cast ? held.terms : agreed(threads), ['body', 'under']);
    return {
      offers: [...record.offers, { digest: made, state: 'firm', total: body.total, expires, under }],
      held: { made: { ...held.made, [made]: message } },
    };
  },
  'offer.decline'({ message: { body } }, { record, held }) {
    const found = find(body.offer, record, held);
    return found?.state === 'firm' ? { offers: turn(record, found, 'declined') } : undefined;
  },
  'offer.accept'({ message: { body }, at }, { record, held }) {
    const found = find(body.offer, record, held);
    if (!found) throw new Problem('unknown-reference', ['body', 'offer']);
    if (found.state !== 'firm' || found.expires <= at) throw new Problem('offer-not-firm', ['body', 'offer']);
    checkTotal(body.total, found.total);
    return { offers: turn(record, found, 'accepted'), accepted: found.digest };
  },
  'order.disclose': ({ message: { body }, at }, { record, held }) =>
    ({ state: record.state, ...disclosed(body.discloses, at, held) }),
  'order.confirm'({ message: { body } }, { record: { offers, accepted } }) {
    checkTotal(body.total, offers.find((offer) => offer.digest === accepted).total); // ORD-2
    return { reference: body.reference };
  },
  'order.fulfil'({ message: { body }, at }, { record: { accepted, progress }, held }) {
    const count = held.made[accepted].body.lines.length;
    body.lines?.forEach((line, i) => checkIndex(line, count, ['body', 'lines', i])); // ORD-3
    const done = body.status === 'done';
    return { state: done ? 'done' : 'fulfilling', progress: [...progress, { status: body.status, at }], ...(done && { closed: at }) };
  },
  'order.cancel'({ message: { body: { refund, fee } }, side, at }, { record, held }) {
    const settled = side === 'vendor' && Boolean(refund ?? fee); // ORD-4
    if (record.state === 'cancelled' && (held.settled || !settled)) return undefined; // ORD-5
    return { closed: record.closed ?? at, ...(settled && { refund, fee }), held: { settled } };
  },
};

/** Terms by id and digest: on the roster, carried here, or earlier in the thread. Nothing is fetched. */
async function resolve({ id, digest: named, document }, carried, path) {
  const terms = document ? { id: document.id, digest: await digest(document) } : { id, digest: named };
  const right = roster.get(terms.id) ?? carried.find((each) => each.id === terms.id)?.digest;
  if (right === terms.digest) return terms;
  if (right) throw new Problem('terms-mismatch', [...path, ...(document ? ['document', 'id'] : ['digest'])]);
  if (!document) throw new Problem('terms-unknown', [...path, 'id']);
  document.rules.forEach((rule, i) => {
    for (const kind of ['action', 'data', 'purpose']) checkTerm(kind, rule[kind], [...path, 'document', 'rules', i, kind]);
  });
  return terms;
}

async function resolveAll(refs, carried, path) {
  const terms = [];
  for (const [i, ref] of refs.entries()) terms.push(await resolve(ref, [...carried, ...terms], [...path, i]));
  return terms;
}

/** The one of the terms put forward that a reference names. */
async function pick({ id, digest: named, document }, choices, path) {
  const terms = document ? { id: document.id, digest: await digest(document) } : { id, digest: named };
  const same = choices.filter((choice) => choice.id === terms.id);
  if (same.some((choice) => choice.digest === terms.digest)) return terms;
  if (same.length) throw new Problem('terms-mismatch', [...path, document ? 'document' : 'digest']);
  throw new Problem('terms-not-offered', [...path, ...(document ? ['document', 'id'] : ['id'])]);
}

const consent = (items) => ({
  items: items.sort((a, b) => (a.key < b.key ? -1 : 1)),
  state: ['given', 'requested', 'withdrawn', 'refused'].find((state) => items.some((item) => item.state === state)),
});

function noWord({ message: { body }, digest: said, at }, { record: { items } }) {
  const after = { requested: 'refused', given: 'withdrawn' };
  const meant = (item) => after[item.state] && (body.keys?.includes(item.key) ?? true);
  return items.some(meant) ? consent(items.map((item) =>
    meant(item) ? { ...item, state: after[item.state], since: at, evidence: [said, ...item.evidence] } : item)) : undefined;
}

async function wish({ message: { body, expires }, at }, { held }) {
  const terms = await resolveAll(body.terms, held.carried ?? [], ['body', 'terms']);
  const { disclosed: shown, held: known } = disclosed(body.discloses ?? [], at, held);
  checkTerms('data', body.onAccept, ['body', 'onAccept']);
  return {
    wants: body.wants.map(({ name }) => name), disclosed: shown,
    held: { ...known, cast: body, expires, terms, carried: [...(held.carried ?? []), ...terms] },
  };
}

function disclosed(data, at, { data: known = [] }) {
  data.forEach((datum, i) => checkTerm('data', datum.data, ['body', 'discloses', i, 'data']));
  const isKnown = (datum) => known.some((each) => canonical(each.datum) === canonical(datum));
  const all = [...known, ...data.filter((datum) => !isKnown(datum)).map((datum) => ({ datum, at }))];
  return { disclosed: all.map(({ datum, at }) => ({ data: datum.data, at })), held: { data: all } };
}

/** Whether a term is `broad` or below it. */
const isBelow = (kind, term, broad) => term === broad || vocabulary[kind][term]?.broader.some((up) => isBelow(kind, up, broad));

/** OFR-6: a grant whose item for direct marketing still stands. */
function isLive(basis, at, threads) {
  return Boolean(basis) && [...threads.values()].some(({ family, record }) => family === 'consent' && record?.items.some(
    ({ state, until, evidence, item }) => state === 'given' && at < until && evidence[0] === basis.digest &&
      item.purposes.some((purpose) => isBelow('purpose', 'dpv:DirectMarketing', purpose))));
}

/** OFR-7: the relationship's active agreement. */
const agreed = (threads) => [...threads.values()].map(({ record }) => record)
  .filter((record) => record?.record === 'agreement' && record.state === 'active' && !record.scope)
  .sort((a, b) => (a.since < b.since ? 1 : -1)).slice(0, 1).map(({ terms }) => terms);

const find = ({ id, digest: named }, { offers }, { made = {} }) =>
  offers.find((offer) => offer.digest === named && made[named].id === id);
const turn = ({ offers }, found, state) => offers.map((offer) => (offer === found ? { ...offer, state } : offer));

const micros = (amount) => BigInt(amount.replace(/\.(.*)$/, '') + (amount.split('.')[1] ?? '').padEnd(6, '0'));

/** OFR-1, OFR-2: what lines and adjustments add up to, in one currency. */
function checkSum({ lines, adjustments = [], total }) {
  const amounts = [...adjustments.map(({ amount }, i) => [amount, ['body', 'adjustments', i, 'amount', 'currency']]),
    ...lines.map(({ price }, i) => [price, ['body', 'lines', i, 'price', 'currency']])];
  for (const [amount, path] of amounts) if (amount.currency !== total.currency) throw new Problem('wrong-total', path);
  const sum = amounts.reduce((soFar, [{ amount }]) => soFar + micros(amount), 0n);
  if (sum !== micros(total.amount)) throw new Problem('wrong-total', ['body', 'total']);
}

function checkTotal(said, right) {
  if (micros(said.amount) !== micros(right.amount) || said.currency !== right.currency) {
    throw new Problem('wrong-total', ['body', 'total']);
  }
}

function checkIndex(index, count, path) {
  if (index >= count) throw new Problem('unknown-reference', path);
}

function checkTerm(kind, term, path) {
  if (term !== undefined && !vocabulary[kind][term]) throw new Problem('unknown-term', path);
}
const checkTerms = (kind, terms = [], path) => terms.forEach((term, i) => checkTerm(kind, term, [...path, i]));

function checkItems(items) {
  items.forEach(({ actions, data, purposes }, i) => {
    checkTerms('action', actions, ['body', 'items', i, 'actions']);
    checkTerms('data', data, ['body', 'items', i, 'data']);
    checkTerms('purpose', purposes, ['body', 'items', i, 'purposes']);
  });
}
