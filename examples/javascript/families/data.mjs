/** What the customer shares, objects to and has a right to, and what a vendor gives (spec/v1/data/page.md). */

import { Problem } from '../canonical.mjs';
import { MINUTE, shifted } from '../chain.mjs';
import { lasts } from '../decisions.mjs';
import { table, vocabulary } from '../spec.mjs';
import { misnamed, normal } from '../uri.mjs';
import { checkTerms, EVERYTHING, isTerm, overlaps } from '../vocabulary.mjs';
import { micros } from './sums.mjs';

const { regimes } = await table('vocabulary/regimes.json');
const LAST = '9999-12-31T23:59:59.999Z'; // the last instant that the wire can write
const YEAR = 365 * 24 * 60 * MINUTE;
const DAY = 24 * 60 * MINUTE;
const FINAL = ['fulfilled', 'partly', 'denied'];
/** What a restriction forbids: all that lies right below processing, but storing, and doing away with. */
const ALL_BUT_STORING = Object.keys(vocabulary.action).filter((term) =>
  vocabulary.action[term].broader.includes(EVERYTHING.action) && !['dpv:Store', 'dpv:Remove'].includes(term));

/** @type {import('./index.mjs').Family} */
export const data = {
  name: 'data',
  /** Its first word says what it folds to. */
  blank: () => ({ state: 'none', evidence: [], disclosed: [] }),
  rules: {
    'data.share'(here, said, history, before) {
      const { discloses, basis } = said.message.body;
      checkData(discloses, 'discloses');
      const isMeant = before.record === 'rightsRequest' ? isOf(before.asked, basis) : isLive(basis, said.at, history);
      if (!isMeant) throw new Problem('no-basis', ['body', 'basis']); // DAT-1
      const disclosed = [...here.disclosed, ...discloses.map((datum) => ({ datum, said }))];
      return before.record ? { ...here, state: before.state, disclosed } : { ...here, record: 'sharing', basis, disclosed };
    },
    'data.object': (here, said) => ({ ...here, record: 'objection', since: said, body: said.message.body }),
    'data.request'(here, said, history) {
      const { body } = said.message;
      const { corrections = [], identify = [], about } = body;
      checkTerms({ data: body.data }, ['body']);
      checkData(corrections, 'corrections');
      checkData(identify, 'identify');
      checkAbout(about, history);
      corrections.forEach(({ data: term }, i) => { // DAT-5
        if (!isKnown(term, history)) throw new Problem('unknown-reference', ['body', 'corrections', i, 'data']);
      });
      const law = regimes[body.regime ?? 'other'];
      return {
        ...here, record: 'rightsRequest', asked: said, body, answers: [], told: [],
        due: law.answer && afterDays(said.at, law.answer), confirmBy: law.confirm && afterBusinessDays(said.at, law.confirm), // DAT-14
        disclosed: [...corrections, ...identify].map((datum) => ({ datum, said })),
      };
    },
    'data.answer'(here, said, history, before) {
      const { body } = said.message;
      const { status, categories = [], kept = [], needs } = body;
      const rows = data.lifecycle.transitions.filter(({ type, from }) => type === 'data.answer' && from.includes(before.state));
      if (!rows[0].to.includes(status)) throw new Problem('wrong-state', ['body', 'status']); // DAT-7
      checkTerms({ categories }, ['body']);
      checkData(body.data ?? [], 'data');
      kept.forEach((each, i) => checkTerms(each, ['body', 'kept', i]));
      checkTerms({ needs }, ['body']);
      const due = dueAfter(here, said);
      checkKept(here, said, history);
      const told = [...here.told, ...categories, ...(body.data ?? []).map(({ data: term }) => term)];
      return {
        ...here, ...due, state: status, told, answer: body, answers: [...here.answers, { status, said }],
        closed: FINAL.includes(status) ? said : undefined,
      };
    },
    'data.cancel': (here, said) => ({ ...here, closed: said }),
    'data.give'(here, said, history) {
      const { body } = said.message;
      checkAbout(body.about, history);
      checkTotal(body);
      return { ...here, record: 'giving', since: said, body };
    },
  },
  misplaced({ type, body }) {
    if (type === 'data.request') return misnamed(body.to ?? {}, 'to');
    if (type === 'data.answer') return body.reason?.includes('extended') && !body.dueBy ? [['body', 'dueBy']] : []; // DAT-9
    if (type !== 'data.object') return [];
    const strange = Object.entries({ actions: 'action', data: 'data', purposes: 'purpose' }).flatMap(([name, kind]) =>
      (body[name] ?? []).flatMap((term, i) => (isTerm(kind, term) ? [] : [['body', name, i]]))); // DAT-3
    return [...strange, ...(body.recipients ?? []).flatMap((party, i) => misnamed(party, 'recipients', i))];
  },
  show: (record) => ({ record: record.record, state: record.state, ...SHOWN[record.record](record), evidence: record.evidence }),
  beside: () => erasures([]),
  statements({ record, body, since, asked, evidence }, _, when) {
    if (record === 'objection') return [objection(body, since, when(since), evidence)];
    return record === 'rightsRequest' && body.right === 'erase' ? [erased(asked, when)] : [];
  },
  activities: ({ record, asked, closed, disclosed }, thread, when) => (record !== 'rightsRequest' ? []
    : [answering({ thread, evidence: [asked.digest], data: disclosed.map(({ datum, said }) => [datum.data, when(said)]) },
      when(asked), closed && when(closed))]),
  known: ({ disclosed, told = [] }) => [...disclosed.map(({ datum }) => datum.data), ...told],
};

const some = (list) => (list?.length ? list : undefined);
const listed = (disclosed) => disclosed.map(({ datum, said }) => ({ data: datum.data, at: said.at }));
const SHOWN = {
  sharing: ({ disclosed, basis }) => ({ disclosed: listed(disclosed), basis }),
  objection: ({ since, body }) => ({ since: since.at, objection: body }),
  giving: ({ since, body }) => ({
    kind: body.kind, about: body.about, since: since.at, files: body.files?.map(({ digest }) => digest), total: body.total,
  }),
  rightsRequest: ({ state, asked, body, due, confirmBy, extended, disclosed, answers, answer, closed }) => ({
    right: body.right, since: asked.at, regime: body.regime, confirmBy, due, extended,
    disclosed: some(listed(disclosed)), answers: some(answers.map(({ status, said }) => ({ status, at: said.at }))),
    reason: answer?.reason, kept: answer?.kept, closed: closed?.at,
    erased: body.right === 'erase' && ['fulfilled', 'partly'].includes(state) ? body.data ?? [EVERYTHING.data] : undefined,
  }),
};

// What it says to decisions

/** DAT-4: what an objection prohibits. */
export function objection({ right, recipients, ...body }, own, at, evidence) {
  const isVendor = ({ role }) => ['controller', 'processor'].includes(role);
  const outside = recipients?.filter((party) => !isVendor(party)).map(({ id }) => id);
  return {
    permit: false, source: 'objected', actions: body.actions ?? (right === 'restrict' ? ALL_BUT_STORING : [EVERYTHING.action]),
    purposes: body.purposes, data: body.data ?? [EVERYTHING.data], vendor: recipients?.some(isVendor) ?? true,
    others: outside?.includes(undefined) ? undefined : outside?.map(normal), channels: body.channels, own, at, evidence,
  };
}

/** DAT-12: what a request to erase prohibits. */
export const erasing = (terms, own, at, evidence) => ({
  permit: false, source: 'erasure', actions: [EVERYTHING.action], data: terms ?? [EVERYTHING.data], vendor: true, own, at, evidence,
});
/** For the customer it holds from when it was said, as any no. */
const erased = (said, when) => erasing(said.message.body.data, said, when({ ...said, isNo: true }), [said.digest]);

/** The requests to erase that took no effect, or have no place: they deny all the same. */
const erasures = (kept) => ({
  statements: (when) => kept.map((said) => erased(said, when)),
  after(said, outcome) {
    const isMeant = said.message.body.right === 'erase' && ['refused', 'void'].includes(outcome);
    return isMeant ? erasures([...kept, said]) : this;
  },
});

/** DEC-24: what it takes to answer, while it is not answered for good. */
export const answering = (made, since, closed) =>
  ({ ...made, kind: 'request-live', since, until: shifted(since, YEAR), closed, purposes: ['dpv:RightsFulfilment'] });

// Rules

const checkData = (list, name) => list.forEach((datum, i) => checkTerms(datum, ['body', name, i]));
const isOf = ({ message: { id }, digest }, ref) => ref.id === id && ref.digest === digest;
/** Whether a message has taken effect here. */
const stands = ({ id, digest }, history) => [...history.threads.values()].some(({ entries }) =>
  entries.some((entry) => entry.id === id && entry.digest === digest && entry.outcome === 'accepted'));

/** DAT-1: whether a permission that has not ended, or what is being done for the customer, rests on a message. */
function isLive(basis, at, history) {
  const { statements, activities } = history.facts();
  const rests = ({ evidence }) => evidence.includes(basis.digest);
  return stands(basis, history) && (statements.some((one) => one.permit && rests(one) && lasts(one, at, true)) ||
    activities.some((one) => rests(one) && at < one.until && !one.closed));
}

function checkAbout(about, history) { // DAT-6
  if (about && !stands(about, history)) throw new Problem('unknown-reference', ['body', 'about']);
}

const isKnown = (term, history) => history.known().some((one) => overlaps('data', one, term));

/** DAT-8: sooner, or once and in time later, as the law allows. */
function dueAfter({ due, extended, asked, body: { regime = 'other' } }, { at, message: { body } }) {
  const { dueBy, reason = [] } = body;
  if (!dueBy) return { due, extended };
  const law = regimes[regime];
  const longer = reason.includes('extended');
  const longest = longer && !extended && at < due && law.extended ? afterDays(asked.at, law.extended) : due;
  if (law.answer && dueBy > longest) throw new Problem('wider-than-asked', ['body', 'dueBy']);
  return { due: dueBy, extended: extended || longer || undefined };
}

function checkKept({ body: { right } }, { at, message: { body: { status, kept } } }, history) {
  if (status === 'partly' && right === 'erase' && !kept) throw new Problem('no-basis', ['body', 'kept']); // DAT-10
  const orders = history.facts().activities.filter(({ kind, until, closed }) => kind === 'order-live' && !closed && at < until);
  const isHeld = (term) => orders.some((order) => order.data.some(([one]) => overlaps('data', one, term)));
  (kept ?? []).forEach(({ because, data: terms }, i) => { // DAT-11
    if (because === 'order' && !terms.every(isHeld)) throw new Problem('no-basis', ['body', 'kept', i, 'because']);
  });
}

function checkTotal({ lines = [], adjustments = [], total }) { // DAT-13
  if (!total) return;
  const wrong = (...path) => { throw new Problem('wrong-total', ['body', ...path]); };
  adjustments.forEach(({ amount }, i) => amount.currency === total.currency || wrong('adjustments', i, 'amount', 'currency'));
  lines.forEach(({ price }, i) => price.currency === total.currency || wrong('lines', i, 'price', 'currency'));
  const owed = [...lines.map(({ price }) => price), ...adjustments.filter(({ included }) => !included).map(({ amount }) => amount)];
  if (owed.reduce((sum, { amount }) => sum + micros(amount), 0n) !== micros(total.amount)) wrong('total');
}

// Due dates: a period ends with the end of its last day, in UTC

const dayAfter = (time) => {
  const text = new Date(time + DAY).toISOString();
  return text.length > LAST.length ? LAST : text; // beyond the years that the wire can write
};
const dayOf = (instant) => Date.parse(`${instant.slice(0, 10)}T00:00:00.000Z`);

/** So many days or months later; where the month has no such day, its last. */
function afterDays(instant, period) {
  const [day, number] = [new Date(dayOf(instant)), Number(period.slice(1, -1))];
  if (period.endsWith('D')) return dayAfter(day.getTime() + number * DAY);
  const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + number + 1, 0));
  last.setUTCDate(Math.min(day.getUTCDate(), last.getUTCDate()));
  return dayAfter(last.getTime());
}

/** So many days from Monday to Friday later. */
function afterBusinessDays(instant, number) {
  let day = dayOf(instant);
  for (let left = number; left; left -= [0, 6].includes(new Date(day).getUTCDay()) ? 0 : 1) day += DAY;
  return dayAfter(day);
}

/** Whether the vendor is behind at an instant: with confirming a request, or with answering it (DAT-15). */
export function isOverdue({ record, due, confirmBy, answers, closed } = {}, at) {
  if (record !== 'rightsRequest') return false;
  const late = (by, done) => Boolean(by) && by <= at && !(done && done.at <= at);
  return late(confirmBy, answers[0]?.said ?? closed) || late(due, closed);
}
