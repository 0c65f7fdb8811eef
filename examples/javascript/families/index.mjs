/** The families of messages, and their one registration: everything else asks them here, and knows none by its name. */

import { table } from '../spec.mjs';
import { consent } from './consent.mjs';
import { data } from './data.mjs';
import { intent } from './intent.mjs';
import { relationship } from './relationship.mjs';
import { terms } from './terms.mjs';

/**
 * @typedef {import('../chain.mjs').Said} Said @typedef {(said?: Said) => string | undefined} When the time of a word's place
 * @typedef {object} Family what a family brings; what it leaves out, it has nothing to say to
 * @property {string} name that of its folder in spec/v1
 * @property {any} [lifecycle] the table there, read below
 * @property {(said: Said) => any} blank the record of a thread that this word opens, in which nothing is said yet
 * @property {Record<string, (here: any, said: Said, history: import('../history.mjs').History, before: any) => any>} rules Type →
 *   the record after a message that the lifecycle allows; nothing, where it is moot. `here` is the record `before` in the state
 *   that follows, and, where it keeps evidence, with the message as such
 * @property {(record: any) => object} show the record as both sides show it
 * @property {(message: any) => (string | number)[][]} [misplaced] check 7: where a body says what no schema can forbid
 * @property {string[]} [firm] types that are not stale for what only the vendor has said since
 * @property {string[]} [neverStale] types that are stale for nothing
 * @property {(message: any) => string | undefined} [forerunner] of a word by which a customer goes on under another DID: that of before
 * @property {(record: any, message: any) => Promise<boolean>} [admits] whether the customer goes on by this word
 * @property {(message: any) => {key: string, from?: string, ends?: string[]} | undefined} [introduces] the key that a vendor introduces by it
 * @property {() => {after: Function, statements: (when: When) => any[]}} [beside] to begin with, what noes of a thread take back
 *   beside its record; `after(said, outcome)` is the same with one more word of the thread, of which that came
 * @property {(record: any, thread: string) => import('../decisions.mjs').Binding[]} [bindings] the terms that bind by it
 * @property {(record: any, thread: string, when: When) => import('../decisions.mjs').Statement[]} [statements] what else it permits
 *   and prohibits
 * @property {(record: any, thread: string, when: When, times: string[]) => import('../decisions.mjs').Activity[]} [activities]
 * @property {(record: any) => string[]} [known] the terms of the personal data that is known to both sides by it
 * @property {(record: any, thread: string) => {scope: string, since: Said}[]} [governs] since when its data has terms of its own
 * @property {(record: any, thread: string) => {scope?: string, every?: boolean, said: Said}[]} [onTerms] what was said in it about
 *   the terms of a scope, or of every one, which later words about them have to know
 */

/** @type {Family[]} */
export const FAMILIES = [terms, consent, intent, data, relationship];
for (const family of FAMILIES) family.lifecycle = await table(`${family.name}/lifecycle.json`);

/** The family that knows a type; none for those that are no entries, or are not known. @param {string} type */
export const familyOf = (type) => FAMILIES.find(({ rules }) => Object.hasOwn(rules, type));

/** Whether a message takes something back or says no. @param {string} type @param {'customer' | 'vendor'} side */
export const isNarrowing = (type, side) => Boolean(familyOf(type)?.lifecycle.narrowing[type]?.includes(side));
