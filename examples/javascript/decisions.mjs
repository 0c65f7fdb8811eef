/**
 * May the vendor do this? (spec/v1/decisions.md) The customer's latest explicit word wins; inside one document a
 * prohibition wins; silence is a no. A pure function over the facts that the threads fold to.
 */

import { knows, MINUTE, shifted } from './chain.mjs';
import { EVERYTHING, guards, includes, isTerm, isTopic, overlaps, prohibits, reaches } from './vocabulary.mjs';
import { normal } from './uri.mjs';

const REASONS = {
  refused: 'refused', withdrawn: 'withdrawn', objected: 'objected', erasure: 'erasure', agreement: 'prohibited-by-agreement',
};

/**
 * @typedef {object} Statement a permission or a prohibition, and the customer's own word behind it, `own`
 * @property {boolean} permit @property {string} source `agreement`, or the state of the item
 * @property {string[]} actions @property {string[]} [purposes] none: any @property {string[]} data
 * @property {{place: number, knows: import('./chain.mjs').Knowledge, message: {created: string}}} own
 * @property {boolean} vendor @property {string[]} [others] third parties by URI; none: any of them
 * @property {string[]} [channels] @property {{scheme: string, code: string}[]} [topics] @property {string} [from] @property {string} at @property {string} [until] @property {string} [ended]
 * @property {string} [scope] a thread; none: the relationship @property {string[]} evidence
 * @typedef {object} Binding terms that bind, or have bound, by the customer's own word
 * @property {import('./vocabulary.mjs').Terms} terms @property {import('./chain.mjs').Said} own @property {import('./chain.mjs').Said} since
 * @property {import('./chain.mjs').Said} [ended] @property {string} [scope] a thread; none: the relationship @property {string[]} evidence
 * @typedef {object} Activity what is being performed in a thread for the customer, for these purposes, on these data since then
 * @property {string} kind the reason that it gives @property {string} thread @property {string[]} purposes @property {[string, string][]} data
 * @property {string} since @property {string} until @property {string} [closed] @property {{id: string, data: string[]}[]} [recipients]
 * @property {string[]} evidence
 * @typedef {{statements: Statement[], activities: Activity[], governed: [string, string][]}} Facts all that decisions rest on;
 *   `governed`: the threads whose data has terms of its own, and since when
 */

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
    const { rules } = one.terms.document;
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

/** SEQ-23: a permission never runs from before its own word was said, as far as clocks may differ. */
export function begins(own, at, permit) {
  const first = permit ? shifted(own.message.created, -5 * MINUTE) : at;
  return first > at ? first : at;
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
const isFor = ({ purposes }, { action, purpose }) =>
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
 * @param {Facts} facts @param {ReturnType<typeof question>} asked @param {string} at an instant
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
