/** What a term includes, what has to be named, and the terms documents (spec/v1/vocabulary, spec/v1/decisions.md). */

import { canonical, digest, Problem } from './canonical.mjs';
import { namedOnly, roster, vocabulary } from './spec.mjs';

/** What an absent member stands for. */
export const EVERYTHING = { action: 'dpv:Processing', purpose: 'dpv:Purpose', data: 'dpv:PersonalData' };

const above = new Map();
/** The term itself and all that is broader. */
function upward(kind, term) {
  const key = `${kind} ${term}`;
  if (!above.has(key)) {
    above.set(key, new Set([term, ...(vocabulary[kind][term]?.broader ?? []).flatMap((up) => [...upward(kind, up)])]));
  }
  return above.get(key);
}

/** Whether `narrow` is `broad` or below it. */
export const includes = (kind, broad, narrow) =>
  upward(kind, narrow).has(broad) || (kind === 'purpose' && broad === EVERYTHING.purpose);

/** The named-only terms at or above one. */
export const guards = (kind, term) => namedOnly[kind].filter((name) => includes(kind, name, term));

/** Whether a permission of `broad` covers `narrow`: by inclusion, but never past a named-only term (DEC-3). */
export const reaches = (kind, broad, narrow) =>
  includes(kind, broad, narrow) && guards(kind, narrow).every((name) => includes(kind, name, broad));

/**
 * Whether a place where data is stored is `bound`, a part of it, or one of its countries. A part that the table lists lies
 * in what the table says: an overseas territory is no part of its country's group.
 */
export const liesIn = (bound, place) =>
  bound === place || includes('place', bound, isTerm('place', place) ? place : place.split('-')[0]);

/** Whether a prohibition of `broad` covers `narrow`: by inclusion, without exception (DEC-4). */
export const prohibits = (kind, broad, narrow) => (broad === EVERYTHING.data
  ? !includes('data', 'dpv:NonPersonalData', narrow) : includes(kind, broad, narrow));

const parts = new Map();
/** What a question about a term is a question about: all that a permission of the term would reach. */
function partsOf(kind, asked) {
  const key = `${kind} ${asked}`;
  if (!parts.has(key)) parts.set(key, [asked, ...Object.keys(vocabulary[kind])].filter((term) => reaches(kind, asked, term)));
  return parts.get(key);
}

/** Whether a no speaks of a question: of some part of what is asked (DEC-17). */
export const overlaps = (kind, no, asked) => partsOf(kind, asked).some((part) => prohibits(kind, no, part));

/** Whether a term is one of the vocabulary. */
export const isTerm = (kind, term) => Object.hasOwn(vocabulary[kind], term);

const KINDS = {
  action: 'action', actions: 'action', categories: 'data', data: 'data', needs: 'data', onAccept: 'data', duty: 'duty', purpose: 'purpose',
  purposes: 'purpose',
};

/** Each term of a part, whether it has one or a list of a kind, is in the vocabulary. */
export function checkTerms(part, path) {
  for (const [name, kind] of Object.entries(KINDS)) {
    [part[name] ?? []].flat().forEach((term, i) => {
      const step = Array.isArray(part[name]) ? [name, i] : [name];
      if (!isTerm(kind, term)) throw new Problem('unknown-term', [...path, ...step]);
    });
  }
}

/** @typedef {{id: string, digest: string, document: any}} Terms */

const named = async ({ id, digest: of, document }) =>
  (document ? { id: document.id, digest: await digest(document), document } : { id, digest: of });

/** Terms by id and digest: on the roster, carried here, or earlier in the thread. Nothing is fetched (TRM-1, TRM-2). */
export async function resolve(ref, carried, path) {
  const terms = await named(ref);
  const right = roster.get(terms.id) ?? carried.find(({ id }) => id === terms.id);
  const wrong = [...path, ...(ref.document ? ['document', 'id'] : ['digest'])];
  if (right && right.digest !== terms.digest) throw new Problem('terms-mismatch', wrong);
  if (!right && !ref.document) throw new Problem('terms-unknown', [...path, 'id']);
  if (!right) ref.document.rules.forEach((rule, i) => checkTerms(rule, [...path, 'document', 'rules', i]));
  return right ?? terms;
}

export async function resolveAll(refs, carried, path) {
  const terms = [];
  for (const [i, ref] of refs.entries()) terms.push(await resolve(ref, [...carried, ...terms], [...path, i]));
  return terms;
}

/** The one of the terms put forward that a reference names. */
export async function pick(ref, choices, path) {
  const terms = await named(ref);
  const found = choices.find(({ id, digest: of }) => id === terms.id && of === terms.digest);
  if (found) return found;
  const same = choices.some(({ id }) => id === terms.id);
  const where = [...path, ...(ref.document ? ['document', 'id'] : [same ? 'digest' : 'id'])];
  throw new Problem(same ? 'terms-mismatch' : 'terms-not-offered', where);
}

/** The reference to terms. @param {Terms} terms */
export const ref = ({ id, digest: of }) => ({ id, digest: of });

/** Whether two topics are one: the label is for people. */
export const isTopic = (one, other) => one.scheme === other.scheme && one.code === other.code;

/** Whether two values say the same. */
export const same = (a, b) => a === b || (a !== undefined && b !== undefined && canonical(a) === canonical(b));
