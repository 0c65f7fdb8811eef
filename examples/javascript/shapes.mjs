/**
 * The shape of a message: a validator for just the keywords that the schemas in spec/v1 use, and the few rules of the
 * model that a schema can't state (spec/v1/receiving.md, checks 4 and 7).
 */

import { Problem } from './canonical.mjs';
import { familyOf } from './families/index.mjs';
import { schemas } from './spec.mjs';

const BASE = 'https://w3id.org/opencmr/v1/';
const KNOWN = schemas.get(BASE + 'message.schema.json').properties.type.enum;
const SAYS_NOTHING = ['$schema', '$id', '$defs', 'title', 'description', 'then', 'else'];

const is = {
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const when = (kind, test) => (argument, value, ctx) => !is[kind](value) || test(value, argument, ctx) ? [] : [ctx.path];
const members = (value) => (is.object(value) ? Object.keys(value) : []);
const at = (ctx, step) => ({ ...ctx, path: [...ctx.path, step] });
const realDay = (text) => new Date(`${text.slice(0, 10)}T00:00:00Z`).toJSON?.()?.slice(0, 10) === text.slice(0, 10);

/** Keyword → the paths of the members that break it. */
const keywords = {
  $ref(ref, value, ctx) {
    const url = new URL(ref, ctx.base);
    const [, ...steps] = url.hash.split('/');
    url.hash = '';
    return faults(steps.reduce((schema, step) => schema[step], schemas.get(url.href)), value, { ...ctx, base: url.href });
  },
  type: (types, value, ctx) => ([types].flat().some((type) => is[type](value)) ? [] : [ctx.path]),
  const: (constant, value, ctx) => (value === constant ? [] : [ctx.path]),
  enum: (values, value, ctx) => (values.includes(value) ? [] : [ctx.path]),
  not: (schema, value, ctx) => (faults(schema, value, ctx).length ? [] : [ctx.path]),
  allOf: (parts, value, ctx) => parts.flatMap((part) => faults(part, value, ctx)),
  if: (test, value, ctx, { then = {}, else: otherwise = {} }) =>
    faults(faults(test, value, ctx).length ? otherwise : then, value, ctx),
  pattern: when('string', (value, pattern) => new RegExp(pattern, 'u').test(value)),
  format: when('string', (value, _, { path }) => realDay(value) && !value.startsWith('0000')),
  minLength: when('string', (value, least) => [...value].length >= least),
  maxLength: when('string', (value, most) => [...value].length <= most),
  minimum: when('integer', (value, least) => value >= least),
  maximum: when('integer', (value, most) => value <= most),
  minItems: when('array', (value, least) => value.length >= least),
  maxItems: when('array', (value, most) => value.length <= most),
  uniqueItems: when('array', (value) => new Set(value).size === value.length),
  items: (schema, value, ctx) => (is.array(value) ? value.flatMap((item, i) => faults(schema, item, at(ctx, i))) : []),
  minProperties: when('object', (value, least) => members(value).length >= least),
  maxProperties: when('object', (value, most) => members(value).length <= most),
  propertyNames: (schema, value, ctx) => members(value).flatMap((name) => faults(schema, name, at(ctx, name))),
  required: (names, value, ctx) =>
    is.object(value) ? names.filter((name) => !Object.hasOwn(value, name)).map((name) => [...ctx.path, name]) : [],
  properties: (properties, value, ctx) =>
    members(value).filter((name) => Object.hasOwn(properties, name))
      .flatMap((name) => faults(properties[name], value[name], at(ctx, name))),
  additionalProperties: (schema, value, ctx, { properties = {} }) =>
    members(value).filter((name) => !Object.hasOwn(properties, name))
      .flatMap((name) => (schema === false ? [[...ctx.path, name]] : faults(schema, value[name], at(ctx, name)))),
};

/** The paths of all members that a schema finds fault with. */
function faults(schema, value, ctx) {
  return Object.entries(schema).filter(([keyword]) => !SAYS_NOTHING.includes(keyword)).flatMap(([keyword, argument]) => {
    if (!keywords[keyword]) throw new Error(`the schemas have a new keyword: ${keyword}`);
    return keywords[keyword](argument, value, ctx, schema);
  });
}

/** Canonical order: step by step, names as strings, positions as numbers; a prefix comes first. */
function compare(a, b) {
  const i = a.findIndex((step, position) => step !== b[position]);
  if (i < 0) return a.length - b.length;
  return i >= b.length ? 1 : a[i] < b[i] ? -1 : 1;
}

/** The first fault of a value, in canonical order. @param {unknown} value @param {string} schema path under spec/v1 */
export function firstFault(value, schema) {
  const base = BASE + schema;
  return faults(schemas.get(base), value, { base, path: [] }).sort(compare)[0];
}

/** Check 4: the version, the type, and the envelope; nobody looks into the body yet. @param {any} message @throws {Problem} */
export function checkEnvelope(message) {
  checkSpoken(message);
  checkOutside(message);
}

/** Check 4, first part: whether the version and the type are known. @param {any} message @throws {Problem} */
export function checkSpoken({ opencmr, type }) {
  if (is.string(opencmr) && opencmr !== '1.0') throw new Problem('unsupported-version', ['opencmr']);
  if (is.string(type) && !KNOWN.includes(type)) throw new Problem('unsupported-type', ['type']);
}

/** Check 4, second part: enough to say who speaks, and where it stands. @param {any} message @throws {Problem} */
export function checkOutside(message) {
  const known = is.string(message.opencmr) ? { ...message, opencmr: '1.0' } : message;
  const fault = firstFault(known, 'envelope.schema.json');
  if (fault) throw new Problem('malformed', fault);
}

/** Check 7: what the type wants, once the signature holds. @param {any} message whose envelope is good @throws {Problem} */
export function checkBody(message) {
  const fault = firstFault(message, 'message.schema.json') ?? modelFaults(message).sort(compare)[0];
  if (fault) throw new Problem('malformed', fault);
}

/** Checks 4 and 7, where no signature stands between them. @param {any} message @throws {Problem} */
export function checkShape(message) {
  checkEnvelope(message);
  checkBody(message);
}

/** What belongs to the model though a schema can't say it: the paths of the members that break it. */
function modelFaults(message) {
  const { type, id, thread } = message;
  const family = familyOf(type);
  const misplaced = family?.misplaced?.(message) ?? [];
  return isPlaced(type, family, id === thread) ? misplaced : [['thread'], ...misplaced]; // ENV-2, ENV-3
}

/** A first message names itself as its thread, and only a first one does. The tables say which types open a thread. */
function isPlaced(type, family, first) {
  if (!family) return first === (type !== 'receipt');
  return family.lifecycle.transitions.some((row) => row.type === type && row.from.some((state) => (state === 'none') === first));
}
