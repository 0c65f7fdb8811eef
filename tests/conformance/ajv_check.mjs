/**
 * Compiles all schemas with ajv, as strict as it can be, and says what it makes of each case.
 *
 * Usage: node ajv_check.mjs FOLDER, where FOLDER has ajv and ajv-formats in its node_modules. Reads
 * {"schemas": [...], "steps": [$id, ...], "cases": [...]} from stdin, and writes {"complaints": [[$id, why], ...],
 * "verdicts": [...]} to stdout: for each case the pointers of all faults that the first step with a fault finds, as lists of steps; none where it
 * is valid.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const require = createRequire(join(process.argv[2], 'package.json'));
const Ajv = require('ajv/dist/2020').default;
const addFormats = require('ajv-formats').default;

const { schemas, steps, cases } = JSON.parse(await text(process.stdin));
const complaints = [];
let about;
const logger = { log() {}, warn: (why) => complaints.push([about, why]), error: (why) => complaints.push([about, why]) };
const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true, validateFormats: true, logger });
addFormats(ajv, ['date', 'date-time']);
for (const schema of schemas) ajv.addSchema(schema);
for (const { $id } of schemas) {
  about = $id;
  try {
    ajv.getSchema($id);
  } catch (error) {
    complaints.push([$id, error.message]);
  }
}

/** The member that an error is about: the missing, the unknown or the bad one. */
function stepsOf({ instancePath, keyword, params, propertyName }) {
  const steps = instancePath.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = { required: params.missingProperty, additionalProperties: params.additionalProperty }[keyword];
  return [...steps, ...[name ?? propertyName].filter((step) => step !== undefined)];
}

/** What the first schema that refuses a case says of it. */
function faultsOf(one) {
  const refusing = steps.map((id) => ajv.getSchema(id)).find((validate) => !validate(one));
  return refusing ? refusing.errors.filter(({ keyword }) => keyword !== 'if' && keyword !== 'propertyNames').map(stepsOf) : [];
}

const verdicts = complaints.length ? [] : cases.map(faultsOf);
process.stdout.write(JSON.stringify({ complaints, verdicts }));
