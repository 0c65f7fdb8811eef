/** `may` over facts as spec/v1/vectors/decisions gives them, and not over threads. */

import { shifted } from '../chain.mjs';
import { decide, question, statementsOfTerms } from '../decisions.mjs';
import { statementsOfItem } from '../families/consent.mjs';
import { answering, erasing, objection } from '../families/data.mjs';
import { standingOrder, standingWish } from '../families/performing.mjs';
import { roster } from '../spec.mjs';

const STATES = { consent: 'given', refusal: 'refused', withdrawal: 'withdrawn' };
const FOR_EVER = '9999-12-31T23:59:59.999Z';
const DAY = 86_400_000;
const when = (said) => said?.at;

/** @param {any[]} facts @param {any} asked @param {string} at an instant @param {boolean} [now] */
export function may(facts, asked, at, now) {
  const of = (...kinds) => facts.filter(({ kind }) => kinds.includes(kind));
  const since = ({ place, at: moment }) => ({ place, at: moment });
  const ended = ({ place, ended: moment }) => moment && { place, at: moment };
  const own = ({ place: here, at: moment, own: { place = here, seen = place - 1, beyond = [], created = moment } = {} }) =>
    ({ place, knows: { upTo: seen, beyond }, message: { created } });
  const binding = of('agreement').map((fact) => ({
    terms: typeof fact.terms === 'string' ? roster.get(fact.terms) : { document: fact.terms },
    own: own(fact), since: since(fact), ended: ended(fact), scope: fact.scope, evidence: fact.evidence,
  }));
  const items = of(...Object.keys(STATES)).flatMap(({ kind, item, from, until = FOR_EVER, evidence, ...fact }) =>
    statementsOfItem({ state: STATES[kind], item, since: since(fact), own: own(fact), from, until, evidence }, when, ended(fact)));
  const noes = [...of('objection').map((fact) => objection(fact.body, own(fact), fact.at, fact.evidence)),
    ...of('erasure').map((fact) => erasing(fact.data, own(fact), fact.at, fact.evidence))];
  const activities = of('intent', 'order', 'request').flatMap(({ kind, thread, evidence, ...fact }) => {
    const made = { thread, evidence, data: fact.data.map((datum) => [datum.data, datum.at]) };
    if (kind === 'request') return [answering(made, fact.since, fact.closed)];
    if (kind === 'order') {
      const { left = true, withdrawn = [], reports = [], done = [] } = fact;
      const turns = (times, state, side) => times.map((moment) => ({ at: moment, state, side, left }));
      const steps = [...turns(fact.steps, 'ordered', 'vendor'), ...turns(withdrawn, 'returning', 'customer'),
        ...turns(reports, 'returning', 'vendor'), ...turns(done, 'done', 'vendor')];
      return standingOrder(made, steps.sort((a, b) => (a.at < b.at ? -1 : 1)), fact.cancelled, fact);
    }
    const wishes = fact.wishes.map(({ since: from, until = shifted(from, 30 * DAY) }) => ({ since: from, until }));
    return standingWish(made, wishes, fact.closed);
  });
  const governed = [...binding.filter(({ scope }) => scope).map(({ scope, since: from }) => [scope, from.at]),
    ...activities.filter(({ kind }) => kind === 'intent-live').map(({ thread, since: from }) => [thread, from])];
  const all = { statements: [...statementsOfTerms(binding, when), ...items, ...noes], activities, governed };
  return decide(all, question(asked), at, now);
}
