/** Families are plug-ins: nobody but their rooms, and the face for people, knows one by its name. */

import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { FAMILIES } from '../families/index.mjs';
import { vocabulary } from '../spec.mjs';

const HERE = fileURLToPath(new URL('../', import.meta.url));
const V1 = fileURLToPath(new URL('../../../spec/v1/', import.meta.url));
const PRAISE = fileURLToPath(new URL('../../../tests/new_family/praise/spec/', import.meta.url));

/** What a family of two messages is, here. */
const ROOM = `export const praise = {
  name: 'praise',
  blank: () => ({ state: 'none', evidence: [] }),
  rules: {
    'praise.give': (here, said) => ({ ...here, who: said.message.body.who }),
    'praise.thank': (here) => here,
  },
  show: ({ state, who, evidence }) => ({ record: 'praise', state, who, evidence }),
};
`;

/** A copy of this folder and the tables that it reads, with the family praise moved in; and what its modules export. */
async function house(t) {
  const home = await mkdtemp(join(tmpdir(), 'opencmr-'));
  t.after(() => rm(home, { recursive: true }));
  const [js, v1] = [join(home, 'examples/javascript'), join(home, 'spec/v1')];
  await cp(HERE, js, { recursive: true, filter: (from) => !from.startsWith(join(HERE, 'test')) });
  await cp(V1, v1, { recursive: true, filter: (from) => !from.startsWith(join(V1, 'vectors')) });
  await cp(PRAISE, join(v1, 'praise'), { recursive: true });
  await edit(join(v1, 'message.schema.json'), (text) => {
    const schema = JSON.parse(text);
    for (const type of ['praise.give', 'praise.thank']) {
      schema.properties.type.enum.push(type);
      schema.allOf.push({ if: { properties: { type: { const: type } } }, then: { $ref: `praise/${type}.schema.json` } });
    }
    return JSON.stringify(schema);
  });
  await writeFile(join(js, 'families/praise.mjs'), ROOM);
  await edit(join(js, 'families/index.mjs'), (text) =>
    `import { praise } from './praise.mjs';\n${text.replace('FAMILIES = [', 'FAMILIES = [praise, ')}`); // the one registration
  const load = (name) => import(pathToFileURL(join(js, name)).href);
  return { ...(await load('history.mjs')), ...(await load('canonical.mjs')) };
}

const edit = async (path, change) => writeFile(path, change(await readFile(path, 'utf8')));

test('a new family is its room and one line of registration: it is folded, shown, and held to its table', async (t) => {
  const { fold, show, digest } = await house(t);
  const [give, thank] = await Promise.all(['give', 'thank'].map(async (name) =>
    JSON.parse(await readFile(join(PRAISE, `examples/valid/praise.${name}.plain.json`), 'utf8'))));
  const words = [];
  const say = async (message) => words.push({ message, digest: await digest(message) });
  delete give.prior; // the first words here
  delete give.seen;
  const { prior, ...first } = thank;
  await say(give);
  await say({ ...first, number: 1, type: 'receipt', body: { of: words[0].digest, outcome: 'accepted', state: 'given' } });
  await say({ ...thank, id: give.id.replace('5f', '5e'), number: 2, prior: words[1].digest });
  await say({ ...thank, id: give.id.replace('5f', '5d'), number: 3, prior: words[2].digest });
  const history = await fold({ words, tip: words[3].digest, vendor: thank.from });
  const thread = history.threads.get(give.thread);
  assert.deepEqual(history.findings, []);
  assert.deepEqual(thread.entries.map(({ outcome, problem }) => problem?.code ?? outcome), ['accepted', 'accepted', 'wrong-state']);
  assert.deepEqual(show(thread), { record: 'praise', state: 'thanked', who: 'Ms Okafor', evidence: [words[0].digest, words[2].digest] });
});

test('no family, and no type of one, is named outside the rooms of the families and the face', async () => {
  const types = FAMILIES.flatMap(({ rules }) => Object.keys(rules));
  const kinds = FAMILIES.map(({ name }) => name).filter((name) => !Object.hasOwn(vocabulary, name)); // `data` is also a kind of terms
  const names = [...types, ...kinds];
  const named = new RegExp(`['"\`](${names.join('|').replaceAll('.', '\\.')})['"\`]|families/(?!index)`);
  for (const file of (await readdir(HERE)).filter((name) => name.endsWith('.mjs') && name !== 'customer.mjs')) {
    assert.doesNotMatch(await readFile(join(HERE, file), 'utf8'), named, file);
  }
});

test('a family has a rule for each type of its table, and for no other', () => {
  for (const { name, rules, lifecycle: { transitions, narrowing } } of FAMILIES) {
    const types = [...transitions.map(({ type }) => type), ...Object.keys(narrowing)];
    assert.deepEqual(Object.keys(rules).sort(), [...new Set(types)].sort(), name);
  }
});
