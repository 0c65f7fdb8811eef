/**
 * May the vendor do this? (spec/v1/decisions.md) The customer's latest explicit word wins; inside one document a
 * prohibition wins; silence is a no. A pure function over the facts that the threads fold to.
 */

import { knows, MINUTE, shifted } from './chain.mjs';
import { accepted, isTopic, minutes, outsiders } from './records.mjs';
import { EVERYTHING, guards, includes, isTerm, overlaps, prohibits, reaches } from './vocabulary.mjs';
import { isNarrowing } from './spec.mjs';
import { normal } from './uri.mjs';

const DAY = 24 * 60 * MINUTE;
const PURPOSES = {
  'intent-live': ['opencmr:IntentCasting'],
  'order-live': ['dpv:RequestedServiceProvision', 'dpv:PaymentManagement', 'dpv:CustomerOrderManagement', 'dpv:CustomerCare',
    'dpv:RightsFulfilment', 'dpv:EnforceSecurity'],
};
const REASONS = { refused: 'refused', withdrawn: 'withdrawn', agreement: 'prohibited-by-agreement' };

/**
 * @typedef {object} Statement a permission or a prohibition, and the customer's own word behind it, `own`
 * @property {boolean} permit @property {string} source `agreement`, or the state of the item
 * @property {string[]} actions @property {string[]} [purposes] none: any @property {string[]} data
 * @property {{place: number, knows: import('./chain.mjs').Knowledge, message: {created: string}}} own
 * @property {boolean} vendor @property {string[]} [others] third parties by URI; none: any of them
 * @property {string[]} [channels] @property {{scheme: string, code: string}[]} [topics] @property {string} [from] @property {string} at @property {string} [until] @property {string} [ended]
 * @property {string} [scope] a thread; none: the relationship @property {string[]} evidence
 */

/**
 * All that decisions rest on.
 * @param {any[]} threads @param {any[]} beside what noes take back beside what stands @param {string[]} times of the places
 * @param {boolean} [mine] the customer asks
 */
export function gather(threads, beside, times, mine = false) {
  const when = (said) => {
    const at = said && (times[said.place - 1] ?? said.at);
    const isOwnNo = mine && said?.side === 'customer' && isNarrowing(said.message.type, 'customer');
    return isOwnNo && said.message.created < at ? said.message.created : at; // SEQ-27: it holds from when it was said
  };
  const of = (family) => threads.filter((thread) => thread.family === family && thread.record);
  const binding = [...of('terms').flatMap(({ record }) => ofAgreement(record)),
    ...of('intent').flatMap(({ id, record }) => ofOffers(id, record))];
  const statements = [...statementsOfTerms(binding, when), ...of('consent').flatMap(({ record: { items, past } }) =>
    [...past, ...items.map((item) => ({ item }))].flatMap(({ item, ended }) => statementsOfItem(item, when, ended)))];
  return {
    statements: [...statements, ...beside.flatMap(({ denied }) => denied).flatMap((item) => statementsOfItem(item, when))],
    activities: of('intent').flatMap(({ id, record }) => activitiesOf(id, record, when, times)),
    governed: [...binding.filter(({ scope }) => scope).map(({ scope, since }) => [scope, when(since)]),
      ...of('intent').filter(({ record }) => record.wish).map(({ id, record }) => [id, when(record.wishes[0].since)])],
  };
}

function ofAgreement({ terms, since, own, ended, scope, evidence }) {
  if (!since) return [];
  const made = ended ? evidence.slice(0, -1) : evidence;
  return [{ document: terms.document, own, since, ended, scope: scope?.id, evidence: made }];
}

/** Making an offer is accepting the customer's terms; accepting it leaves only those of the accepted one. */
function ofOffers(scope, record) {
  const over = ['withdrawn', 'cancelled'].includes(record.state) ? record.closed : undefined;
  const binds = ({ terms, own, dropped }, since, evidence) =>
    (own ? [{ document: terms.document, own, since, ended: dropped, scope, evidence }] : []);
  const ordered = record.steps[0]?.said;
  const ended = ({ dropped, ...offer }, end) => ({ ...offer, dropped: dropped ?? end });
  const made = record.offers.flatMap((offer) => binds(ended(offer, ordered ?? over), offer.since, [offer.digest]));
  if (!ordered) return made;
  return [...made, ...binds(ended(accepted(record), over), ordered, [record.accepted, ordered.digest])];
}

/** Of terms that bind, those whose own word doesn't know those behind all that bound in their scope before. */
function tooLate(inOrder) {
  const bound = new Map();
  return inOrder.filter(({ own, scope }) => {
    const before = bound.get(scope) ?? [];
    const late = before.some((place) => place !== own.place && !knows(own.knows, place));
    if (!late) bound.set(scope, [...before, own.place]);
    return late;
  });
}

/**
 * What terms permit and prohibit. The permissions of each end where later ones of its scope begin: those that the
 * customer said later. Those that came too late never begin to permit, and end nothing.
 */
export function statementsOfTerms(binding, when) {
  const [latest, inOrder] = [new Map(), [...binding].sort((a, b) => a.since.place - b.since.place)];
  const late = tooLate(inOrder);
  return inOrder.reverse().flatMap((one) => {
    const [ended] = (late.includes(one) ? [one.since] : [one.ended, latest.get(one.scope)]).filter(Boolean).map(when).sort();
    if (!late.includes(one)) latest.set(one.scope, one.since);
    const { rules } = one.document;
    const named = rules.filter(({ effect, purpose }) => effect === 'permit' && purpose).map(({ purpose }) => purpose); // DEC-5
    return rules.filter(({ effect }) => effect !== 'oblige').map(({ effect, by, action, purpose, data }) => {
      const permit = effect === 'permit';
      return {
        permit, source: 'agreement', actions: [action], purposes: purpose ? [purpose] : permit ? named : undefined,
        data: [data ?? EVERYTHING.data], vendor: by.includes('vendor'), others: by.includes('third-party') ? undefined : [],
        own: one.own, at: begins(one.own, when(one.since), permit), ended: permit ? ended : undefined,
        scope: one.scope, evidence: one.evidence,
      };
    });
  });
}

/** What an item permits or prohibits: nothing while it is only asked for. `ended`: when it came to stand otherwise. */
export function statementsOfItem({ state, item, since, own = since, from, until, evidence }, when, ended) {
  if (state === 'requested') return [];
  const permit = state === 'given';
  const outside = outsiders(item).map(({ id }) => id);
  const others = outside.filter(Boolean).map(normal);
  return [{
    permit, source: permit ? 'consent' : state, actions: item.actions, purposes: item.purposes, data: item.data, vendor: true,
    others: permit || (outside.length && !outside.includes(undefined)) ? others : undefined, channels: item.channels, topics: item.topics,
    own, from: permit ? from : undefined, at: begins(own, when(since), permit), until: permit ? until : undefined,
    ended: permit ? when(ended) : undefined, evidence,
  }];
}

/** SEQ-23: a permission never runs from before its own word was said, as far as clocks may differ. */
function begins(own, at, permit) {
  const first = permit ? shifted(own.message.created, -5 * MINUTE) : at;
  return first > at ? first : at;
}

function activitiesOf(thread, { wishes, steps, closed, ...record }, when, times) {
  const data = record.disclosed.map(({ datum, said }) => [datum.data, when(said)]);
  const live = [];
  if (wishes.length) {
    data.push(['pd:Intention', when(wishes[0].since)]); // the wish itself is data
    const said = wishes.map(({ since, until }) => ({ since: when(since), until }));
    live.push(...standingWish({ thread, data, evidence: record.evidence.slice(0, 1) }, said, when(steps[0]?.said ?? closed)));
  }
  if (steps.length) {
    const cancelled = record.state === 'cancelled' ? closed : undefined;
    // A withdrawal lets an order go on: that is a yes, which counts from its place on, also where it is the customer's.
    const before = steps.filter(({ said }) => said.place < (cancelled?.place ?? times.length + 1))
      .map(({ said, state, left }) => ({ at: times[said.place - 1], state, side: said.side, left }));
    const made = { thread, data, evidence: [record.accepted, steps[0].said.digest] };
    const { returns, warranty, recipients } = accepted(record).body;
    live.push(...standingOrder(made, before, when(cancelled), { returnDays: returns?.days, warranty, recipients: (recipients ?? [])
      .filter(({ party }) => party.id).map(({ party, data: terms }) => ({ id: normal(party.id), data: terms })) }));
  }
  return live;
}

/** What an intent permits, wording by wording: an amendment changes no answer about the time before it (DEC-20). */
export const standingWish = (made, wishes, closed) => wishes.map(({ since, until }, i) =>
  ({ ...made, kind: 'intent-live', since, until, closed: wishes[i + 1]?.since ?? closed }));

/**
 * What an order permits: until it is cancelled, or done and the days for returning it are over; for customer care alone,
 * until the warranty is over.
 * @param {any} made @param {{at: string, state: string, side: string, left: boolean}[]} steps @param {string} [cancelled]
 * @param {{returnDays?: number, warranty?: string, recipients?: {id: string, data: string[]}[]}} [lasting]
 */
export function standingOrder(made, steps, cancelled, { returnDays = 0, warranty, recipients = [] } = {}) {
  const returns = returnDays * 24 * 60;
  const care = warranty ? minutes(warranty) : 0;
  const live = (after, more) => spans(steps, cancelled, after).map((span) => ({ ...made, kind: 'order-live', ...span, ...more }));
  return [...live(returns, { recipients }), ...(care > returns ? live(care, { purposes: ['dpv:CustomerCare'] }) : [])];
}

/**
 * An entry that comes when it had ended lets it begin anew, and changes no answer about the time before. But once it was
 * done, or withdrawn from, what the vendor reports brings nothing back.
 */
function spans(steps, cancelled, after) {
  const ends = [];
  let done; // where it first became done
  let word; // the customer's last word while it was returning
  for (const { at, state, side, left } of steps) {
    if ((done || word) && side === 'vendor' && at >= ends.at(-1)[1]) continue;
    if (state === 'done') done ??= at;
    if (state === 'returning' && side === 'customer') word = at;
    const kept = done && left ? shifted(done, after * MINUTE) : at;
    const end = { returning: () => shifted(word, 44 * DAY), done: () => at }[state]?.();
    ends.push([at, end ? [end, kept].sort()[1] : shifted(at, 365 * DAY)]);
  }
  const [last, end] = ends.at(-1);
  const closed = cancelled ?? (end <= last ? last : undefined);
  if (cancelled) ends.push([cancelled, cancelled]);
  const live = [];
  let [since, until] = ends[0];
  for (const [at, next] of ends.slice(1)) {
    if (at >= until) {
      live.push({ since, until });
      since = at;
    }
    until = next;
  }
  return [...live, { since, until, closed }];
}

// Whether a statement speaks of a question

const any = (test, kind, terms, term) => terms.some((one) => test(kind, one, term));

function permits({ actions, purposes, data, vendor, others, channels, topics }, asked) {
  const { action, purpose, data: datum, recipient, channel, topic } = asked;
  if (channels && (!channel || !any(reaches, 'channel', channels, channel))) return false; // DEC-8
  if (topics && !(topic && topics.some((one) => isTopic(one, topic)))) return false; // DEC-23
  if (purposes && !any(reaches, 'purpose', purposes, purpose)) return false;
  if (!any(reaches, 'data', data, datum)) return false;
  if (recipient === 'vendor') return vendor && any(reaches, 'action', actions, action);
  // DEC-9: handing over is sharing, whatever it is called; what must be named besides is still to be named.
  return (!others || others.includes(recipient)) && any(reaches, 'action', actions, 'dpv:Share') &&
    guards('action', action).every((guard) => guard === 'dpv:Share' || actions.some((one) => includes('action', guard, one)));
}

/** A no speaks of all at or below its terms, and of a question that is wider and so asks about them too. */
function forbids({ actions, purposes, data, vendor, others, channels, topics }, asked) {
  const { action, purpose, data: datum, recipient, channel, topic } = asked;
  if (channels && channel && !any(overlaps, 'channel', channels, channel)) return false;
  if (topics && topic && !topics.some((one) => isTopic(one, topic))) return false;
  if (!any(overlaps, 'data', data, datum)) return false;
  if (purposes && !any(overlaps, 'purpose', purposes, purpose)) return false;
  if (recipient === 'vendor') return vendor && any(overlaps, 'action', actions, action);
  const isMeant = !others || others.includes(recipient) || (recipient === 'third-party' && others.length > 0);
  return isMeant && [action, 'dpv:Share'].some((each) => any(overlaps, 'action', actions, each));
}

/** Whether it has not ended. `now`: every end counts that was put to it, whatever its date. */
export const lasts = ({ from, until, ended }, at, now) =>
  hasBegun({ from }, at) && (!until || at < until) && (!ended || (!now && at < ended));
/** Whether it has begun by its own word. */
const hasBegun = ({ from }, at) => !from || from <= at;

/** DEC-14, SEQ-21: its word came after the no and knows it, and it says no more than the no does. */
function lifts(yes, no, { action, purpose, data, recipient, channel }) {
  const shared = recipient !== 'vendor';
  return yes.own.place > no.own.place && knows(yes.own.knows, no.own.place) &&
    (!no.channels || (Boolean(yes.channels) && isBelow('channel', yes.channels, no.channels, channel))) &&
    (!no.topics || Boolean(yes.topics)) && (!shared || !no.others || Boolean(yes.others?.includes(recipient))) &&
    // A yes that speaks of a third party names sharing, so it lifts the noes to that.
    isBelow('action', yes.actions, no.actions.filter((term) => !shared || !includes('action', term, 'dpv:Share')),
      action, ...(shared ? ['dpv:Share'] : [])) &&
    isBelow('purpose', yes.purposes ?? [EVERYTHING.purpose], no.purposes ?? [], purpose) && isBelow('data', yes.data, no.data, data);
}

/** Whether each of the no's terms that is asked about covers a term of the yes that reaches what is asked. */
function isBelow(kind, yes, no, asked, ...further) {
  const mine = yes.filter((one) => reaches(kind, one, asked));
  return no.filter((term) => [asked, ...further].some((each) => overlaps(kind, term, each))).every((term) =>
    mine.some((one) => prohibits(kind, term, one) && (one === term || !includes(kind, one, term))));
}

/** Rule 1 for the vendor itself. */
const isFor = ({ kind, purposes = PURPOSES[kind] }, { action, purpose }) =>
  any(reaches, 'purpose', purposes, purpose) && reaches('action', EVERYTHING.action, action);

/** Rule 1 for others whom the accepted offer names: sharing what they get, for the service that was asked for. */
const handsOn = ({ recipients = [] }, { action, purpose, data, recipient }) =>
  recipients.some(({ id, data: terms }) => id === recipient && any(reaches, 'data', terms, data)) &&
  reaches('purpose', 'dpv:RequestedServiceProvision', purpose) &&
  guards('action', action).every((guard) => guard === 'dpv:Share' || includes('action', guard, 'dpv:Share'));

// The rules

/** @param {any} asked @throws where a word is none of the vocabulary (DEC-2) */
export function question(asked) {
  const { recipient = 'vendor', ...more } = { data: EVERYTHING.data, ...asked };
  for (const kind of ['action', 'purpose', 'data']) if (!isTerm(kind, more[kind])) throw new Error(`no ${kind}: ${more[kind]}`);
  if (more.channel && !isTerm('channel', more.channel)) throw new Error(`no channel: ${more.channel}`);
  if (['vendor', 'third-party'].includes(recipient)) return { ...more, recipient };
  const party = normal(recipient); // DEC-18
  if (!/^[a-z][a-z0-9+.-]*:[!-~]{1,2040}$/.test(party)) throw new Error(`no party: ${recipient}`);
  return { ...more, recipient: party };
}

/**
 * @param {ReturnType<typeof gather>} facts @param {ReturnType<typeof question>} asked @param {string} at an instant
 * @param {boolean} [now] that is now: every word counts, whatever its date
 */
export function decide({ statements, activities, governed }, asked, at, now = false) {
  const begun = (since) => now || since <= at;
  // 0 not governed
  if (asked.purpose === 'dpv:LegalCompliance') return { answer: 'not-governed', reason: 'legal-compliance', evidence: [] };
  if (includes('action', 'dpv:Remove', asked.action)) return { answer: 'not-governed', reason: 'removal', evidence: [] };
  // 1 what is being done for the customer, on what they disclosed for it
  const holds = ({ data }) => data.some(([term, since]) => begun(since) && reaches('data', term, asked.data));
  const here = activities.filter(({ thread }) => thread === asked.thread);
  const performed = here.find((one) => begun(one.since) && at < one.until && (!one.closed || (!now && at < one.closed)) &&
    holds(one) && (asked.recipient === 'vendor' ? isFor(one, asked) : handsOn(one, asked)));
  if (performed) return { answer: 'permit', reason: performed.kind, evidence: performed.evidence };
  // 2 the latest word
  const own = asked.thread !== undefined && governed.some(([thread, since]) => thread === asked.thread && begun(since));
  const scope = own ? asked.thread : undefined;
  const there = !own || here.some(holds); // a thread's own terms permit what was disclosed in it, and no more
  const isMeant = (one) => one.source !== 'agreement' || (one.scope === scope && (there || !one.permit));
  const said = statements.filter((one) => begun(one.at) && isMeant(one) && (one.permit ? permits : forbids)(one, asked));
  const noes = said.filter(({ permit }) => !permit);
  const yeses = said.filter((one) => one.permit && lasts(one, at, now) && noes.every((no) => lifts(one, no, asked)));
  if (yeses.length) {
    const { source, evidence } = latest(yeses);
    return { answer: 'permit', reason: source, evidence };
  }
  if (noes.length) {
    const { source, evidence } = latest(noes);
    return { answer: 'deny', reason: REASONS[source], evidence };
  }
  // 3 silence is a no
  const lapsed = said.filter((one) => hasBegun(one, at));
  if (!lapsed.length) return { answer: 'deny', reason: 'no-word', evidence: [] };
  const { source, evidence } = latest(lapsed);
  return { answer: 'deny', reason: source === 'agreement' ? 'agreement-ended' : 'consent-expired', evidence };
}

/**
 * By the customer's order; of one word, by that in which it began to stand; of what is alike in both, what takes back
 * something given; then by the evidence.
 */
const latest = (statements) => statements.reduce((a, b) => (isLater(b, a) ? b : a));

function isLater(b, a) {
  if (b.own.place !== a.own.place) return b.own.place > a.own.place;
  if (b.at !== a.at) return b.at > a.at;
  const [given, before] = [b, a].map(({ source }) => source === 'withdrawn');
  if (given !== before) return given;
  const [ours, theirs] = [b, a].map(({ evidence }) => [...evidence].sort().join()); // no digest has a comma, or what is below it
  return ours > theirs;
}
