/** What both sides are bound by (spec/v1/terms/page.md). */

import { Problem } from '../canonical.mjs';
import { knows } from '../chain.mjs';
import { pick, ref, resolve, resolveAll } from '../vocabulary.mjs';

/** @type {import('./index.mjs').Family} */
export const terms = {
  name: 'terms',
  blank: () => ({ state: 'none', choices: [], evidence: [] }),
  rules: {
    async 'terms.proffer'(here, said, history) {
      const { choices, scope, answerBy } = said.message.body;
      const terms = await resolveAll(choices, [], ['body', 'choices']);
      const meant = scope === 'relationship' ? undefined : scope;
      if (isSuperseded(said, meant, history)) throw new Problem('stale', ['seen']); // TRM-12
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
      if (isSuperseded(own, here.scope, history)) throw new Problem('wrong-state', ['type']); // TRM-10
      return { ...here, terms, own, since: said };
    },
    'terms.decline': (here, said) => ({ ...here, ended: said }),
    'terms.terminate': (here, said) => ({ ...here, ended: said }),
  },
  show: ({ state, choices, scope, counter, terms, answerBy, since, ended, evidence }) => ({
    record: 'agreement', state, choices: choices.map(ref), scope, counter: counter && ref(counter),
    terms: terms && ref(terms), answerBy, since: since?.at, ended: ended?.at, evidence,
  }),
  bindings({ terms, since, own, ended, scope, evidence }) {
    if (!since) return [];
    const made = ended ? evidence.slice(0, -1) : evidence;
    return [{ terms, own, since, ended, scope: scope?.id, evidence: made }];
  },
  onTerms({ since, own, ended, scope }) {
    if (!since) return [];
    return [own, ended?.side === 'customer' && ended].filter(Boolean).map((said) => ({ said, scope: scope?.id }));
  },
};

/** TRM-11 */
function checkOpen({ answerBy }, { at }) {
  if (answerBy <= at) throw new Problem('expired', ['created']);
}

/** Whether there is news about the terms of a scope that the customer's own word doesn't know. */
function isSuperseded(own, scope, history) {
  return history.onTerms(scope?.id).some((said) => said.place !== own.place && !knows(own.knows, said.place));
}
