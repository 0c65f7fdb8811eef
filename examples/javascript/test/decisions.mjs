/**
 * A second opinion on decisions: `may` after spec/v1/decisions.md, over facts as spec/v1/vectors/decisions gives them.
 * It is here to run the vectors, and not a part of the customer's side.
 */

import { table } from '../spec.mjs';

const [roster, namedOnly] = await Promise.all([table('vocabulary/roster.json'), table('vocabulary/named-only.json')]);
const documents = {};
for (const code of Object.keys(roster.terms)) documents[code] = await table(`vocabulary/roster/${code}.json`);
const broader = {
  action: (await table('vocabulary/processing.json')).terms,
  purpose: (await table('vocabulary/purposes.json')).terms,
  data: (await table('vocabulary/personal-data.json')).terms,
};
const guarded = { action: namedOnly.actions, purpose: namedOnly.purposes, data: [] };

// Words used below

const above = new Map();
function atOrAbove(kind, term) {
  const key = `${kind} ${term}`;
  if (!above.has(key)) {
    const up = new Set([term, ...(broader[kind][term]?.broader ?? []).flatMap((each) => [...atOrAbove(kind, each)])]);
    above.set(key, kind === 'purpose' ? up.add('dpv:Purpose') : up);
  }
  return above.get(key);
}
const isBelow = (kind, term, broad) => atOrAbove(kind, term).has(broad);
const permits = (kind, broad, term) => isBelow(kind, term, broad) &&
  guarded[kind].filter((name) => isBelow(kind, term, name)).every((name) => isBelow(kind, broad, name));
const prohibits = (kind, broad, term) =>
  (broad === 'dpv:PersonalData' ? !isBelow('data', term, 'dpv:NonPersonalData') : isBelow(kind, term, broad));
const reaches = ({ permit }, kind, broad, term) => (permit ? permits(kind, broad, term) : prohibits(kind, broad, term));

// Where statements come from

const product = (actions, purposes, data) =>
  actions.flatMap((action) => purposes.flatMap((purpose) => data.map((datum) => ({ action, purpose, data: datum }))));
const earlier = (a, b) => (a === undefined || b < a ? b : a);

function ofAgreement(agreement, all) {
  const { rules } = typeof agreement.terms === 'string' ? documents[agreement.terms] : agreement.terms;
  const next = all.filter(({ at, scope }) => scope === agreement.scope && at > agreement.at).map(({ at }) => at).sort()[0];
  const ended = next === undefined ? agreement.ended : earlier(agreement.ended, next);
  const named = rules.filter(({ effect, purpose }) => effect === 'permit' && purpose).map(({ purpose }) => purpose);
  return rules.filter(({ effect }) => effect !== 'oblige').flatMap(({ effect, action, purpose, data = 'dpv:PersonalData', by }) => {
    const permit = effect === 'permit';
    const purposes = purpose ? [purpose] : permit ? named : ['dpv:Purpose'];
    return product([action], purposes, [data]).map((each) => ({
      ...each, permit, parties: by, whole: [action], from: agreement.at, until: permit ? ended : undefined,
      scope: agreement.scope, reason: permit ? 'agreement' : 'prohibited-by-agreement', gone: 'agreement-ended',
      evidence: agreement.evidence,
    }));
  });
}

function ofItem({ kind, item, at, until, ended, evidence }) {
  const outside = (item.recipients ?? []).filter(({ role }) => ['thirdParty', 'authority', 'jointController'].includes(role))
    .map(({ id }) => id);
  const permit = kind === 'consent';
  const everybody = !outside.length || outside.includes(undefined);
  const parties = ['vendor', ...outside, ...(!permit && everybody ? ['third-party'] : [])];
  return product(item.actions, item.purposes, item.data).map((each) => ({
    ...each, permit, parties, channels: item.channels, whole: item.actions, from: at, evidence,
    until: permit ? (ended === undefined ? until : earlier(until, ended)) : undefined,
    reason: { consent: 'consent', refusal: 'refused', withdrawal: 'withdrawn' }[kind], gone: 'consent-expired',
  }));
}

// When a statement matches

const inForce = ({ from, until }, at) => from <= at && (until === undefined || at < until);

function matches(statement, question) {
  const { permit, parties, channels, whole, action, purpose, data } = statement;
  const { recipient, channel } = question;
  if (!reaches(statement, 'purpose', purpose, question.purpose) || !reaches(statement, 'data', data, question.data)) return false;
  if (recipient === 'vendor') {
    if (!parties.includes('vendor') || !reaches(statement, 'action', action, question.action)) return false;
  } else {
    const others = parties.filter((party) => party !== 'vendor');
    const named = others.includes('third-party') || others.includes(recipient);
    if (!named && (permit || recipient !== 'third-party' || !others.length)) return false;
    const shares = reaches(statement, 'action', action, 'dpv:Share');
    if (permit) {
      const further = guarded.action.filter((name) => name !== 'dpv:Share' && isBelow('action', question.action, name));
      if (!shares || !further.every((name) => whole.some((each) => isBelow('action', each, name)))) return false;
    } else if (!shares && !reaches(statement, 'action', action, question.action)) return false;
  }
  return !channels || channels.includes(channel) || (!permit && channel === undefined);
}

// The rules

const LIVE = {
  intent: ['opencmr:IntentCasting'],
  order: ['dpv:RequestedServiceProvision', 'dpv:PaymentManagement', 'dpv:CustomerOrderManagement', 'dpv:CustomerCare',
    'dpv:RightsFulfilment', 'dpv:EnforceSecurity'],
};
const latest = (statements) => statements.reduce((a, b) => (b.from > a.from ? b : a));
/** Towards a third party a permission is all that its item permits: it lifts a no by whichever action lies below it. */
const lifts = (permission, prohibition, recipient) => permission.from > prohibition.from &&
  (!prohibition.channels || permission.channels) &&
  (recipient === 'vendor' || prohibition.parties.includes('third-party') || (recipient !== 'third-party' && permission.parties.includes(recipient))) &&
  ['purpose', 'data'].every((kind) => prohibits(kind, prohibition[kind], permission[kind]) &&
    (permission[kind] === prohibition[kind] || !isBelow(kind, prohibition[kind], permission[kind]))) &&
  (recipient === 'vendor' ? [permission.action] : permission.whole).some((action) => isBelow('action', action, prohibition.action));

/** @param {any[]} facts @param {any} asked @param {string} at an instant */
export function may(facts, asked, at) {
  const question = { data: 'dpv:PersonalData', recipient: 'vendor', ...asked };
  // 0 not governed
  if (question.purpose === 'dpv:LegalCompliance') return { answer: 'not-governed', reason: 'legal-compliance', evidence: [] };
  if (isBelow('action', question.action, 'dpv:Remove')) return { answer: 'not-governed', reason: 'removal', evidence: [] };
  // 1 what is being done for the customer
  const here = facts.filter(({ thread }) => thread !== undefined && thread === question.thread);
  const performed = here.find(({ kind, since, closed, data }) => question.recipient === 'vendor' &&
    inForce({ from: since, until: closed }, at) && LIVE[kind].some((purpose) => permits('purpose', purpose, question.purpose)) &&
    permits('action', 'dpv:Processing', question.action) &&
    data.some((datum) => datum.at <= at && isBelow('data', question.data, datum.data)));
  if (performed) return { answer: 'permit', reason: `${performed.kind}-live`, evidence: performed.evidence };
  // 2 the latest word
  const said = facts.filter((fact) => fact.at <= at);
  const agreements = said.filter(({ kind }) => kind === 'agreement');
  const own = here.some(({ kind, since }) => kind === 'intent' && since <= at) ||
    agreements.some(({ scope }) => scope !== undefined && scope === question.thread);
  const scope = own ? question.thread : undefined;
  const statements = said.flatMap((fact) => fact.kind === 'agreement'
    ? (fact.scope === scope ? ofAgreement(fact, agreements) : []) : fact.item ? ofItem(fact) : []);
  const matching = statements.filter((statement) => matches(statement, question));
  const live = matching.filter((statement) => inForce(statement, at));
  const prohibitions = live.filter(({ permit }) => !permit);
  const lifting = live.filter((each) => each.permit && prohibitions.every((prohibition) => lifts(each, prohibition, question.recipient)));
  if (lifting.length) return { answer: 'permit', ...latest(lifting) };
  if (prohibitions.length) return { answer: 'deny', ...latest(prohibitions) };
  // 3 silence is a no
  const ended = matching.filter(({ permit }) => permit);
  if (!ended.length) return { answer: 'deny', reason: 'no-word', evidence: [] };
  const { gone, evidence } = latest(ended);
  return { answer: 'deny', reason: gone, evidence };
}
