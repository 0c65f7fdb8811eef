/**
 * What threads come to: the rules across members that stand on the family pages, and the records that they fold to.
 * No clock, no network: the same words always fold to the same records.
 */

import { Problem } from './canonical.mjs';
import { knows, MINUTE, shifted } from './chain.mjs';
import { checkTerms, includes, liesIn, pick, reaches, resolve, resolveAll, same } from './vocabulary.mjs';

const STANDS = 30 * 24 * 60 * MINUTE; // a wish that does not say until when

/** Family → the record in which nothing is said yet. Where it names a moment, that is the message of then, in its place. */
export const blank = {
  terms: () => ({ state: 'none', choices: [], evidence: [] }),
  consent: () => ({ state: 'none', items: [], past: [], disclosed: [] }),
  intent: (said) => ({
    state: 'none', since: said, wishes: [], offers: [], steps: [], disclosed: [], progress: [], terms: [], carried: [],
    cancelled: [], withdrawals: [], refunds: [], evidence: [],
  }),
};

/**
 * Type → the record after a message that the lifecycle allows; nothing, where it is moot.
 * @type {Record<string, (here: any, said: import('./chain.mjs').Said, history: any) => any>} `here` is the record, in the
 *   state that follows and with the message as evidence
 */
export const rules = {
  // terms/page.md
  async 'terms.proffer'(here, said, history) {
    const { choices, scope, answerBy } = said.message.body;
    const terms = await resolveAll(choices, [], ['body', 'choices']);
    const meant = scope === 'relationship' ? undefined : scope;
    if (history.isSuperseded(said, meant)) throw new Problem('stale', ['seen']); // TRM-12
    return { ...here, choices: terms, scope: meant, own: said, answerBy };
  },
  async 'terms.counter'(here, said) {
    checkOpen(here, said);
    const { terms, answerBy } = said.message.body;
    return { ...here, counter: await resolve(terms, here.choices, ['body', 'terms']), answerBy };
  },
  async 'terms.accept'(here, said, history) {
    checkOpen(here, said);
    const terms = await pick(said.message.body.terms, here.counter ? [here.counter] : here.choices, ['body', 'terms']);
    const own = said.side === 'customer' ? said : here.own;
    if (history.isSuperseded(own, here.scope)) throw new Problem('wrong-state', ['type']); // TRM-10
    return { ...here, terms, own, since: said };
  },
  'terms.decline': (here, said) => ({ ...here, ended: said }),
  'terms.terminate': (here, said) => ({ ...here, ended: said }),

  // consent/page.md
  'consent.request'(here, said) {
    const { body, expires } = said.message;
    body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
    const asked = (item) => ({ key: item.key, state: 'requested', since: said, until: body.until, evidence: [said.digest], item });
    return consent({ ...here, items: body.items.map(asked), asked: said.digest, request: body, answerBy: expires });
  },
  'consent.grant'(here, said, _, before) {
    const { body } = said.message;
    const discloses = body.discloses ?? [];
    body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
    discloses.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
    if (!here.request && !body.statement) throw new Problem('unasked-without-statement', ['body', 'statement']); // CNS-3
    if (before.state !== 'given' && here.answerBy <= said.at) throw new Problem('expired', ['created']); // CNS-9
    if (here.request) checkWithin(body, here.request);
    discloses.forEach(({ data }, i) => { // CNS-12
      const isGranted = body.items.some((item) => item.data.some((bound) => reaches('data', bound, data)));
      if (!isGranted) throw new Problem('wider-than-asked', ['body', 'discloses', i, 'data']);
    });
    const evidence = here.asked ? [said.digest, here.asked] : [said.digest];
    const [items, past] = [new Map(here.items.map((item) => [item.key, item])), [...here.past]];
    for (const item of body.items) {
      if (items.has(item.key)) past.push({ item: items.get(item.key), ended: said }); // CNS-5
      const until = [body.until, item.until ?? body.until].sort()[0];
      items.set(item.key, { key: item.key, state: 'given', since: said, from: body.from, until, evidence, item });
    }
    const disclosed = [...here.disclosed, ...discloses.map((datum) => ({ datum, said }))];
    return consent({ ...here, items: [...items.values()], past, disclosed });
  },
  'consent.refuse': noWord,
  'consent.withdraw': noWord,

  // intent/page.md
  'intent.cast': wish,
  'intent.amend': wish,
  'intent.withdraw': (here, said) => ({
    ...here, closed: said, offers: here.offers.map((each) => (each.state === 'firm' ? { ...each, state: 'lapsed' } : each)),
  }),
  async 'offer.make'(here, said, history) {
    const { message: { id, body, expires }, digest } = said;
    const { cast } = here;
    if (here.wishes.at(-1)?.until <= said.at) throw new Problem('expired', ['created']); // INT-4
    if (!cast && !history.isBasis(body.basis, said.at)) throw new Problem('no-basis', ['body', 'basis']); // OFR-6
    body.lines.forEach(({ want }, i) => checkIndex(want, cast?.wants ?? [], ['body', 'lines', i, 'want'])); // OFR-5
    checkTerms(body, ['body']); // needs
    checkRecipients(body);
    checkSums(body);
    const terms = await pick(body.under, cast ? here.terms : history.activeTerms(), ['body', 'under']); // OFR-4, OFR-7
    const offer = { id, digest, state: 'firm', since: said, expires, body, terms, own: here.wish };
    return { ...here, offers: [...here.offers, offer] };
  },
  'offer.decline'(here, { at, message: { body } }) {
    const found = find(here, body.offer);
    return found?.state === 'firm' && at < found.expires ? turn(here, found, 'declined') : undefined;
  },
  'offer.accept'(here, said) {
    const { body } = said.message;
    const found = find(here, body.offer);
    if (!found) throw new Problem('unknown-reference', ['body', 'offer']); // OFR-9
    if (found.state !== 'firm' || found.expires <= said.at) throw new Problem('offer-not-firm', ['body', 'offer']);
    checkAccepted(body, found.body);
    return { ...turn(here, found, 'accepted'), accepted: found.digest, steps: [{ said, state: here.state, left: true }] };
  },
  'order.disclose'(here, said, _, before) {
    const { discloses } = said.message.body;
    discloses.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
    discloses.forEach(({ line }, i) => checkIndex(line, accepted(here).body.lines, ['body', 'discloses', i, 'line'])); // ORD-8
    return disclosed({ ...here, state: before.state }, said);
  },
  'order.confirm'(here, { message: { body } }, _, before) {
    if (before.reference) throw new Problem('wrong-state', ['type']);
    checkSame('total', body, accepted(here).body); // ORD-2
    const state = before.state === 'returning' ? 'returning' : 'confirmed';
    return { ...here, state, reference: body.reference, resting: before.resting === 'ordered' ? 'confirmed' : before.resting };
  },
  'order.fulfil'(here, said, _, before) {
    const { status, lines = [], amount } = said.message.body;
    lines.forEach(({ line }, i) => checkIndex(line, accepted(here).body.lines, ['body', 'lines', i, 'line'])); // ORD-3
    if (before.state === 'done' && !['returned', 'refunded'].includes(status)) throw new Problem('wrong-state', ['body', 'status']); // ORD-9
    const after = amount ? refunded(here, said) : here;
    const begun = ['ordered', 'confirmed'].includes(before.resting) ? 'fulfilling' : before.resting;
    const open = !amount || after.withdrawals.some(({ settled }) => !settled);
    const state = {
      done: 'done', returning: open ? 'returning' : begun,
    }[status === 'done' ? 'done' : before.state] ?? 'fulfilling';
    return {
      ...after, state, resting: state === 'returning' ? begun : undefined,
      progress: [...here.progress, { status, said }], closed: state === 'done' ? before.closed ?? said : undefined,
    };
  },
  'order.cancel'(here, said, history, before) {
    const { lines, refund, fee } = said.message.body;
    if (before.state === 'open') return lines ? undefined : rules['intent.withdraw'](here, said, history, before); // ORD-6
    const settles = said.side === 'vendor' && Boolean(refund ?? fee); // ORD-4
    if (before.state === 'cancelled' && (here.settled || !settles)) return undefined; // ORD-5
    const money = settles ? { refund, fee } : {};
    const whole = { ...here, closed: here.closed ?? said, settled: settles, ...money };
    if (!lines || before.state === 'cancelled') return whole;
    const ordered = accepted(here).body.lines;
    const off = linesOff(here.cancelled, ordered);
    const parts = lines.filter(({ line }) => line < ordered.length);
    if (!parts.length || (!settles && parts.every(({ line }) => off.has(line)))) return undefined;
    const cancelled = [...here.cancelled, { lines: parts, said, ...money }];
    const left = linesOff(cancelled, ordered).size < ordered.length;
    return left ? { ...here, cancelled, state: before.state } : { ...whole, cancelled };
  },
  /** ORD-7: it always takes its place; that it is late, or too much, is a view. */
  'order.withdraw'(here, said, _, before) {
    const { body } = said.message;
    const { lines, returns } = accepted(here).body;
    const last = (status) => before.progress.findLast((each) => each.status === status)?.said.at;
    const delivered = last('delivered') ?? last('done');
    const sent = said.message.created < said.at ? said.message.created : said.at;
    const isBeyond = ({ line, quantity }) => line >= lines.length ||
      Boolean(quantity && micros(quantity.value) > orderedOf(lines[line]));
    const withdrawals = [...here.withdrawals, {
      said, lines: body.lines, dueBy: shifted(said.at, 14 * 24 * 60 * MINUTE), beyond: (body.lines ?? []).some(isBeyond),
      late: body.ground === 'returns' && Boolean(delivered) && sent > shifted(delivered, (returns?.days ?? 0) * 24 * 60 * MINUTE),
    }];
    const left = linesOff([...here.cancelled, ...withdrawals], lines).size < lines.length;
    const resting = before.state === 'returning' ? before.resting : before.state;
    return { ...here, withdrawals, left, closed: undefined, resting: left ? resting : 'done' };
  },
};

/** How much was ordered of a line. */
const orderedOf = ({ quantity }) => micros(quantity?.value ?? '1');
/** How much of a line is named, as a whole or by quantities. */
const amountOf = (parts, line, all) => sum(parts.filter((part) => part.line === line)
  .map(({ quantity }) => (quantity ? micros(quantity.value) : all)));
/** The lines of which in all as much is named as was ordered; who names none names all of all. */
const linesOff = (naming, ordered) => new Set(ordered.map(orderedOf).flatMap((all, line) => {
  const parts = naming.flatMap(({ lines }) => lines?.filter((part) => part.line === line) ?? [{ line }]);
  return parts.length && amountOf(parts, line, all) >= all ? [line] : [];
}));

/** A refund settles the withdrawals that it covers: each of their lines that there is, and as much as there was of it. */
function refunded(here, said) {
  const { lines, amount } = said.message.body;
  const ordered = accepted(here).body.lines.map(orderedOf);
  const every = ordered.map((_, line) => ({ line }));
  const isCovered = (each) => ordered.every((all, line) => {
    const [paid, due] = [lines ?? every, each.lines ?? every].map((parts) => amountOf(parts, line, all));
    return paid >= (due < all ? due : all);
  });
  return {
    ...here, refunds: [...here.refunds, { amount, said }],
    withdrawals: here.withdrawals.map((each) => (!each.settled && isCovered(each) ? { ...each, settled: said } : each)),
  };
}

const ref = ({ id, digest }) => ({ id, digest });
const some = (list) => (list.length ? list : undefined);
/** Family → what both sides show of a record. */
const shown = {
  terms: ({ state, choices, scope, counter, terms, answerBy, since, ended, evidence }) => ({
    record: 'agreement', state, choices: choices.map(ref), scope, counter: counter && ref(counter),
    terms: terms && ref(terms), answerBy, since: since?.at, ended: ended?.at, evidence,
  }),
  consent: ({ state, asked, items, disclosed }) => ({
    record: 'consent', state, asked,
    items: [...items].sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, state, since, from, until, evidence, item }) =>
      ({ key, state, since: since.at, from, until, evidence, item })),
    disclosed: disclosed.length ? disclosed.map(({ datum, said }) => ({ data: datum.data, at: said.at })) : undefined,
  }),
  intent: ({ state, since, cast, offers, disclosed, progress, closed, evidence, ...more }) => ({
    record: 'dealing', state, since: since.at, wants: cast ? cast.wants.map(({ name }) => name) : [],
    offers: offers.map(({ body, terms, ...each }) =>
      ({ digest: each.digest, state: each.state, total: body.total, commitment: body.commitment, expires: each.expires, under: ref(terms) })),
    disclosed: disclosed.map(({ datum, said }) => ({ data: datum.data, at: said.at })),
    progress: progress.map(({ status, said }) => ({ status, at: said.at })),
    accepted: more.accepted, reference: more.reference, refund: more.refund, fee: more.fee, until: more.wishes.at(-1)?.until,
    closed: closed?.at,
    cancelled: some(more.cancelled.map(({ lines, said, refund, fee }) => ({ lines, by: said.side, at: said.at, refund, fee }))),
    withdrawals: some(more.withdrawals.map(({ said, lines, dueBy, late, beyond, settled }) => ({
      digest: said.digest, ground: said.message.body.ground, at: said.at, dueBy, late, beyond, lines, settled: settled?.at,
    }))),
    refunds: some(more.refunds.map(({ amount, said }) => ({ amount, at: said.at }))), evidence,
  }),
};

/** The record of a thread as plain JSON, the same on both sides. @param {{family: string, record: any}} thread */
export const show = ({ family, record }) => record && JSON.parse(JSON.stringify(shown[family](record))); // without what is absent

/** The offer that became the order. */
export const accepted = ({ offers, accepted: of }) => offers.find(({ digest }) => digest === of);


/** TRM-11 */
function checkOpen({ answerBy }, { at }) {
  if (answerBy <= at) throw new Problem('expired', ['created']);
}

const consent = (here) => ({
  ...here, state: ['given', 'requested', 'withdrawn', 'refused'].find((state) => here.items.some((item) => item.state === state)),
});

function noWord(here, said) {
  const { keys } = said.message.body;
  const after = { requested: 'refused', given: 'withdrawn' };
  const isMeant = ({ state, key }) => state in after && (keys?.includes(key) ?? true);
  const meant = here.items.filter(isMeant);
  if (!meant.length) return undefined;
  const turned = (item) => ({ ...item, state: after[item.state], since: said, evidence: [said.digest, ...item.evidence] });
  const items = here.items.map((item) => (isMeant(item) ? turned(item) : item));
  return consent({ ...here, items, past: [...here.past, ...meant.map((item) => ({ item, ended: said }))] });
}

/** What the noes of a thread of consent take back beside what stands. */
export const BESIDE = { noes: [], stands: new Map(), open: [], heard: new Map(), denied: [] };

/**
 * A vendor gives the places: it could let a no pass before the grant that it is about, refuse that grant, or hold the no
 * back until a later grant says less. So a no denies, for the keys that it names, also what a grant said that took no
 * effect, unless that grant knows the no; what stood before, unless the no knows what replaced it; and what the vendor
 * has taken back for words that it says it heard (`heard`).
 * @param {typeof BESIDE} beside @param {import('./chain.mjs').Said} said @param {string} outcome what came of it
 */
export function besideAfter(beside, said, outcome) {
  const { message: { type, body }, digest, side, place } = said;
  const { noes, stands, open, heard, denied } = beside;
  const names = (no, key) => no.message.body.keys?.includes(key) ?? true;
  const record = (item, state) => ({
    key: item.key, state, item, since: said, from: state === 'given' ? body.from : undefined, until: body.until, evidence: [digest],
  });
  const taken = (item, no) => ({
    ...item, state: item.state === 'requested' ? 'refused' : 'withdrawn', since: said, own: no, evidence: [no.digest, ...item.evidence],
  });
  if (outcome === 'accepted' && (type === 'consent.request' || type === 'consent.grant')) {
    const items = body.items.map((item) => record(item, type === 'consent.grant' ? 'given' : 'requested'));
    const held = new Map([...heard, ...stands]);
    const before = items.filter(({ key }) => held.has(key)).map(({ key }) => [held.get(key), place]);
    return {
      ...beside, open: [...open, ...before],
      stands: new Map([...stands, ...items.map((item) => [item.key, item])]),
      heard: new Map([...heard].filter(([key]) => !items.some((item) => item.key === key))),
    };
  }
  if (type === 'consent.grant' && side === 'customer') {
    const [left, lost] = [[...open], [...denied]];
    for (const item of body.items) {
      const no = noes.findLast((each) => !knows(said.knows, each.place) && names(each, item.key));
      if (no) lost.push(taken(record(item, 'given'), no));
      left.push([record(item, 'given'), 0]); // it may be taken back by a no that comes yet
    }
    return { ...beside, open: left, denied: lost };
  }
  if ((type !== 'consent.refuse' && type !== 'consent.withdraw') || outcome === 'void') return beside;
  // What a vendor heard elsewhere, it says of all that it holds.
  const isMeant = ([{ key }, by]) => names(said, key) && !(by && (side === 'vendor' || knows(said.knows, by)));
  const meant = [...stands].filter(([key]) => names(said, key));
  const again = side === 'customer' ? [...heard].filter(([key]) => names(said, key)) : [];
  return {
    noes: [...noes, said],
    stands: new Map([...stands].filter(([key]) => !names(said, key))),
    open: open.filter((one) => !isMeant(one)),
    heard: new Map([...[...heard].filter(([key]) => !again.some(([of]) => of === key)), ...(side === 'vendor' ? meant : [])]),
    denied: [...denied, ...[...open.filter(isMeant).map(([item]) => item), ...again.map(([, item]) => item)].map((item) => taken(item, said))],
  };
}

/** CNS-1, CNS-2: a grant is never wider than what was asked. */
function checkWithin({ items, until }, request) {
  const wider = (...path) => { throw new Problem('wider-than-asked', ['body', ...path]); };
  items.forEach((item, i) => {
    const asked = request.items.find(({ key }) => key === item.key) ?? wider('items', i, 'key');
    const listed = (member, lies) => asked[member] && (item[member] ?? wider('items', i, member)).forEach((one, j) =>
      asked[member].some((bound) => lies(bound, one)) || wider('items', i, member, j));
    const reached = (kind) => (bound, term) => reaches(kind, bound, term);
    listed('actions', reached('action'));
    listed('channels', reached('channel'));
    listed('data', reached('data'));
    listed('purposes', reached('purpose'));
    const known = outsiders(asked).map(({ id, name }) => id ?? ` ${name}`);
    (item.recipients ?? []).forEach((party, j) =>
      !isOutside(party) || known.includes(party.id ?? ` ${party.name}`) || wider('items', i, 'recipients', j));
    if (asked.retention && !isWithin(item.retention, asked.retention)) wider('items', i, 'retention');
    listed('storedIn', liesIn);
    listed('topics', isTopic);
    if (item.until > request.until) wider('items', i, 'until');
  });
  if (until > request.until) wider('until');
}

/** Whether two topics are one: the label is for people. */
export const isTopic = (one, other) => one.scheme === other.scheme && one.code === other.code;

const isOutside = ({ role }) => !['controller', 'processor'].includes(role);
/** Who receives data besides the vendor and its processors. */
export const outsiders = ({ recipients = [] }) => recipients.filter(isOutside);

function isWithin(granted, asked) {
  if (asked.until) return granted?.until <= asked.until;
  return Boolean(granted?.period) && granted.after === asked.after && minutes(granted.period) <= minutes(asked.period);
}

const UNITS = { Y: 365 * 1440, M: 30 * 1440, W: 7 * 1440, D: 1440, TH: 60, TM: 1 };
/** A rough length, long enough to compare two periods. */
export const minutes = (period) => period.slice(1).split('T').flatMap((part, i) =>
  [...part.matchAll(/(\d+)([A-Z])/g)].map(([, n, unit]) => n * UNITS[i ? `T${unit}` : unit])).reduce((a, b) => a + b, 0);

async function wish(here, said) {
  const { body } = said.message;
  const terms = await resolveAll(body.terms, here.carried, ['body', 'terms']);
  (body.discloses ?? []).forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
  checkTerms(body, ['body']); // onAccept
  const isNamed = ({ terms: { digest } }) => terms.some((each) => each.digest === digest);
  return disclosed({
    ...here,
    cast: body,
    terms,
    carried: [...here.carried, ...terms],
    wish: said,
    wishes: [...here.wishes, { since: said, until: body.until ?? shifted(said.at, STANDS) }],
    offers: here.offers.map((each) => (each.dropped || isNamed(each) ? each : { ...each, dropped: said })),
  }, said);
}

function disclosed(here, said) {
  const data = said.message.body.discloses ?? [];
  data.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
  const isNew = (datum) => !here.disclosed.some((each) => same(each.datum, datum));
  return { ...here, disclosed: [...here.disclosed, ...data.filter(isNew).map((datum) => ({ datum, said }))] };
}

const find = ({ offers }, { id, digest }) => offers.find((each) => each.id === id && each.digest === digest);
const turn = (here, found, state) => ({ ...here, offers: here.offers.map((each) => (each === found ? { ...each, state } : each)) });

/** A decimal string in millionths. */
const micros = (amount) => {
  const [whole, part = ''] = amount.replace('-', '').split('.');
  return BigInt(whole + part.padEnd(6, '0')) * (amount.startsWith('-') ? -1n : 1n);
};
const sum = (amounts) => amounts.reduce((soFar, amount) => soFar + amount, 0n);
const wrong = (...path) => new Problem('wrong-total', ['body', ...path]);

/** How many periods of a line are owed at least. */
const owed = ({ minimum, times }) => BigInt(Math.min(...[minimum, times].filter((n) => n !== undefined), ...(minimum ?? times) === undefined ? [1] : []));

/** OFR-1, OFR-2, OFR-12 to OFR-14: what lines and adjustments come to, in one currency. */
function checkSums({ lines, adjustments = [], cancellation = [], changes = [], schedule, total, commitment }) {
  adjustments.forEach(({ lines: named = [] }, i) => {
    named.forEach((line, j) => checkIndex(line, lines, ['body', 'adjustments', i, 'lines', j]));
    const alike = named.map((line) => lines[line].recurs).map((recurs) => recurs && `${recurs.every} ${owed(recurs)}`);
    if (new Set(alike).size > 1) throw wrong('adjustments', i, 'lines');
  });
  const amounts = [
    ...adjustments.map(({ amount }, i) => [amount, 'adjustments', i, 'amount']),
    ...cancellation.map(({ fee }, i) => [fee, 'cancellation', i, 'fee']),
    ...changes.map(({ fee }, i) => [fee, 'changes', i, 'fee']),
    [commitment, 'commitment'],
    ...lines.flatMap(({ price, recurs, tiers = [], unitPrice }, i) => [
      [price, 'lines', i, 'price'], [recurs?.exitFee, 'lines', i, 'recurs', 'exitFee'],
      ...tiers.map((tier, j) => [tier.unitPrice, 'lines', i, 'tiers', j, 'unitPrice']), [unitPrice, 'lines', i, 'unitPrice'],
    ]),
    ...(schedule ?? []).map(({ amount }, i) => [amount, 'schedule', i, 'amount']),
  ];
  for (const [money, ...path] of amounts) if (money && money.currency !== total.currency) throw wrong(...path, 'currency');
  const parts = [
    ...lines.filter(({ price }) => price).map(({ price, recurs }) => [micros(price.amount), recurs]),
    ...adjustments.filter(({ included, kind }) => !included && kind !== 'estimate')
      .map(({ amount, lines: [first] = [] }) => [micros(amount.amount), lines[first]?.recurs]),
  ];
  const once = sum(parts.filter(([, recurs]) => !recurs).map(([amount]) => amount));
  if (lines.some(({ recurs }) => recurs) !== Boolean(commitment)) throw wrong('commitment');
  const least = once + sum(parts.filter(([, recurs]) => recurs).map(([amount, recurs]) => amount * owed(recurs)));
  if (commitment && micros(commitment.amount) !== least) throw wrong('commitment');
  if (micros(total.amount) !== once) throw wrong('total');
  if (schedule && sum(schedule.map(({ amount }) => micros(amount.amount))) !== once) throw wrong('schedule');
}

/** OFR-16: others get what is needed to perform the order, and nothing else. */
function checkRecipients({ recipients = [], needs = [] }) {
  recipients.forEach(({ data }, i) => {
    checkTerms({ data }, ['body', 'recipients', i]);
    data.forEach((term, j) => {
      if (!needs.some((need) => includes('data', need, term))) throw new Problem('wider-than-asked', ['body', 'recipients', i, 'data', j]);
    });
  });
}

/** OFR-9, OFR-10, OFR-15: an acceptance says again what it accepts, and pays that. */
function checkAccepted(body, made) {
  const { payment = [], total } = body;
  payment.forEach(({ method }, i) => {
    if (made.payment && !made.payment.includes(method)) throw new Problem('unknown-reference', ['body', 'payment', i, 'method']);
  });
  checkSame('commitment', body, made);
  checkSame('total', body, made);
  payment.forEach(({ amount }, i) => {
    if (amount && amount.currency !== made.total.currency) throw wrong('payment', i, 'amount', 'currency');
  });
  const said = payment.filter(({ amount }) => amount).map(({ amount }) => micros(amount.amount));
  const open = payment.length - said.length;
  const isPaid = open ? sum(said) <= micros(total.amount) : sum(said) === micros(total.amount);
  if (payment.length && (open > 1 || !isPaid)) throw wrong('payment');
}

/** An amount that is said again is the same. */
function checkSame(name, { [name]: said }, { [name]: right }) {
  if (!said && !right) return;
  if (!said || !right || micros(said.amount) !== micros(right.amount) || said.currency !== right.currency) throw wrong(name);
}

function checkIndex(index, list, path) {
  if (index >= list.length) throw new Problem('unknown-reference', path);
}
