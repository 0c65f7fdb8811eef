/** A wish, the offers that it brings, and the order that one of them becomes (spec/v1/intent/page.md). */

import { Problem } from '../canonical.mjs';
import { MINUTE, shifted } from '../chain.mjs';
import { decide, lasts, question } from '../decisions.mjs';
import { misnamed } from '../uri.mjs';
import { checkTerms, includes, pick, reaches, ref, resolveAll, same } from '../vocabulary.mjs';
import { accepted, activities } from './performing.mjs';
import { amountOf, checkAccepted, checkIndex, checkSame, checkSums, linesOff, micros, orderedOf } from './sums.mjs';

const STANDS = 30 * 24 * 60 * MINUTE; // a wish that does not say until when
const NOBODYS = { scheme: '', code: '' }; // a topic that no message can name

/** @type {import('./index.mjs').Family['rules']} */
const rules = {
  'intent.cast': wish,
  'intent.amend': wish,
  'intent.withdraw': (here, said) => ({
    ...here, closed: said, offers: here.offers.map((each) => (each.state === 'firm' ? { ...each, state: 'lapsed' } : each)),
  }),
  async 'offer.make'(here, said, history) {
    const { message: { id, body, expires }, digest } = said;
    const { cast } = here;
    if (here.wishes.at(-1)?.until <= said.at) throw new Problem('expired', ['created']); // INT-4
    if (!cast && !isBasis(body.basis, said.at, history)) throw new Problem('no-basis', ['body', 'basis']); // OFR-6
    body.lines.forEach(({ want }, i) => checkIndex(want, cast?.wants ?? [], ['body', 'lines', i, 'want'])); // OFR-5
    checkTerms(body, ['body']); // needs
    checkRecipients(body);
    checkSums(body);
    const terms = await pick(body.under, cast ? here.terms : activeTerms(history), ['body', 'under']); // OFR-4, OFR-7
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
    const after = disclosed({ ...here, state: before.state }, said);
    said.message.body.discloses.forEach(({ line }, i) =>
      checkIndex(line, accepted(here).body.lines, ['body', 'discloses', i, 'line'])); // ORD-8
    return after;
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

/** Every word that takes effect once it is ordered is a step of the order. */
const stepping = (rule) => async (here, said, history, before) => {
  const after = await rule(here, said, history, before);
  if (!after || !before.steps.length) return after;
  return { ...after, steps: [...before.steps, { said, state: after.state, left: after.left ?? true }] };
};

const some = (list) => (list.length ? list : undefined);
/** @type {import('./index.mjs').Family} */
export const intent = {
  name: 'intent',
  /** Where it names a moment, that is the message of then, in its place. */
  blank: (said) => ({
    state: 'none', since: said, wishes: [], offers: [], steps: [], disclosed: [], progress: [], terms: [], carried: [],
    cancelled: [], withdrawals: [], refunds: [], evidence: [],
  }),
  rules: Object.fromEntries(Object.entries(rules).map(([type, rule]) => [type, stepping(rule)])),
  firm: ['offer.accept'],
  show: ({ state, since, cast, offers, disclosed, progress, closed, evidence, ...more }) => ({
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
  misplaced({ type, body: { recipients = [], support = {} } }) {
    if (type === 'order.confirm') return misnamed(support, 'support');
    return type === 'offer.make' ? recipients.flatMap(({ party }, i) => misnamed(party, 'recipients', i, 'party')) : [];
  },
  known: ({ disclosed: told }) => told.map(({ datum }) => datum.data),
  bindings,
  activities,
  governs: ({ wishes }, thread) => wishes.slice(0, 1).map(({ since }) => ({ scope: thread, since })),
  onTerms: (record, thread) =>
    [record.wish, record.steps[0]?.said, endOf(record)].filter(Boolean).map((said) => ({ scope: thread, said })),
};

/** When it was taken back, or cancelled as a whole. */
const endOf = ({ state, closed }) => (['withdrawn', 'cancelled'].includes(state) ? closed : undefined);

/** Making an offer is accepting the customer's terms; accepting it leaves only those of the accepted one. */
function bindings(record, scope) {
  const over = endOf(record);
  const binds = ({ terms, own, dropped }, since, evidence) =>
    (own ? [{ terms, own, since, ended: dropped, scope, evidence }] : []);
  const ordered = record.steps[0]?.said;
  const ended = ({ dropped, ...offer }, end) => ({ ...offer, dropped: dropped ?? end });
  const made = record.offers.flatMap((offer) => binds(ended(offer, ordered ?? over), offer.since, [offer.digest]));
  if (!ordered) return made;
  return [...made, ...binds(ended(accepted(record), over), ordered, [record.accepted, ordered.digest])];
}

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

async function wish(here, said) {
  const { body } = said.message;
  const terms = await resolveAll(body.terms, here.carried, ['body', 'terms']);
  const after = disclosed(here, said);
  checkTerms(body, ['body']); // onAccept
  const isNamed = ({ terms: { digest } }) => terms.some((each) => each.digest === digest);
  return {
    ...after, cast: body, terms, carried: [...here.carried, ...terms], wish: said,
    wishes: [...here.wishes, { since: said, until: body.until ?? shifted(said.at, STANDS) }],
    offers: here.offers.map((each) => (each.dropped || isNamed(each) ? each : { ...each, dropped: said })),
  };
}

/** With what a word discloses that was not disclosed before. */
function disclosed(here, said) {
  const data = said.message.body.discloses ?? [];
  data.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
  const isNew = (datum) => !here.disclosed.some((each) => same(each.datum, datum));
  return { ...here, disclosed: [...here.disclosed, ...data.filter(isNew).map((datum) => ({ datum, said }))] };
}

const find = ({ offers }, { id, digest }) => offers.find((each) => each.id === id && each.digest === digest);
const turn = (here, found, state) => ({ ...here, offers: here.offers.map((each) => (each === found ? { ...each, state } : each)) });

/** The relationship's own terms: the latest, unless they have ended. What they replaced does not come back. */
function activeTerms(history) {
  const [latest] = history.bindings().filter(({ scope }) => !scope).sort((a, b) => b.since.place - a.since.place);
  return latest && !latest.ended ? [latest.terms] : [];
}

/** OFR-6: whether a grant has a live item for direct marketing that no other word forbids on all of its data. */
function isBasis(basis, at, history) {
  const isGrant = ({ digest, id, outcome }) => digest === basis?.digest && id === basis.id && outcome === 'accepted';
  if (![...history.threads.values()].some(({ entries }) => entries.some(isGrant))) return false;
  const facts = history.facts();
  const [action, purpose] = ['dpv:Use', 'dpv:DirectMarketing'];
  const reach = ({ actions, purposes }) => actions.some((one) => reaches('action', one, action)) &&
    purposes.some((one) => reaches('purpose', one, purpose));
  const granted = facts.statements.filter((one) => one.source === 'consent' && one.evidence[0] === basis.digest &&
    reach(one) && lasts(one, at, true));
  const asks = ({ data, channels = [undefined], topics = [NOBODYS] }) => data.flatMap((datum) => channels.flatMap((channel) =>
    topics.map((topic) => question({ action, purpose, data: datum, channel, topic }))));
  return granted.flatMap(asks).some((asked) => decide(facts, asked, at, true).answer === 'permit');
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
