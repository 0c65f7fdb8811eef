/** `may` over facts as spec/v1/vectors/decisions gives them, and not over threads. */

import { decide, question, statementsOfItem, statementsOfTerms } from '../decisions.mjs';
import { roster } from '../spec.mjs';

const STATES = { consent: 'given', refusal: 'refused', withdrawal: 'withdrawn' };
const FOR_EVER = '9999-12-31T23:59:59.999Z';
const when = (said) => said?.at;

/** @param {any[]} facts in the order of their places @param {any} asked @param {string} at an instant */
export function may(facts, asked, at) {
  const moments = [...new Set(facts.map((fact) => fact.at ?? fact.since))].sort();
  const place = (moment) => moments.indexOf(moment) + 1;
  const own = (moment) => ({ place: place(moment), at: moment, message: { created: moment }, knows: { upTo: place(moment) - 1, beyond: [] } });
  const ended = (fact) => fact.ended && { at: fact.ended, place: moments.findLastIndex((moment) => moment < fact.ended) + 1.5 };
  const of = (...kinds) => facts.filter(({ kind }) => kinds.includes(kind));
  const binding = of('agreement').map(({ terms, scope, evidence, ...fact }) => ({
    document: typeof terms === 'string' ? roster.get(terms).document : terms, own: own(fact.at), since: own(fact.at),
    ended: ended(fact), scope, evidence,
  }));
  const items = of(...Object.keys(STATES)).flatMap(({ kind, item, until = FOR_EVER, evidence, ...fact }) =>
    statementsOfItem({ state: STATES[kind], item, since: own(fact.at), until, evidence }, when, ended(fact)));
  const activities = of('intent', 'order').map(({ thread, kind, since, closed, data, until = FOR_EVER, evidence }) =>
    ({ thread, kind: `${kind}-live`, since, until, closed, evidence, data: data.map((datum) => [datum.data, datum.at]) }));
  const governed = [...binding.filter(({ scope }) => scope).map(({ scope, since }) => [scope, since.at]),
    ...activities.filter(({ kind }) => kind === 'intent-live').map(({ thread, since }) => [thread, since])];
  return decide({ statements: [...statementsOfTerms(binding, when), ...items], activities, governed }, question(asked), at);
}
