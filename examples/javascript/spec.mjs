/** The tables of the specification, read as data: in Node from the files, in a browser from beside this module. */

const V1 = new URL('../../spec/v1/', import.meta.url);

/** @param {string} path under spec/v1 @returns {Promise<any>} */
export async function table(path) {
  const url = new URL(path, V1);
  if (url.protocol !== 'file:') return (await fetch(url)).json();
  const { readFile } = await import('node:fs/promises');
  return JSON.parse(await readFile(url, 'utf8'));
}

/** Every schema that `message.schema.json` leads to, by its `$id`. @type {Map<string, any>} */
export const schemas = new Map();

async function load(path) {
  const schema = await table(path);
  schemas.set(schema.$id, schema);
  const named = JSON.stringify(schema).matchAll(/"\$ref":"([^"#]+)/g);
  for (const id of new Set(Array.from(named, ([, ref]) => new URL(ref, schema.$id).href))) {
    if (!schemas.has(id)) await load(id.slice(id.indexOf('/v1/') + '/v1/'.length));
  }
}
await load('message.schema.json');

/** The roster of agreements: code → its terms, with id and digest. @type {Map<string, any>} */
export const roster = new Map();
for (const [id, digest] of Object.entries((await table('vocabulary/roster.json')).terms)) {
  roster.set(id, { id, digest, document: await table(`vocabulary/roster/${id}.json`) });
}

/** Kind → term → {label, broader}. */
export const vocabulary = {
  action: (await table('vocabulary/processing.json')).terms,
  purpose: (await table('vocabulary/purposes.json')).terms,
  data: (await table('vocabulary/personal-data.json')).terms,
  duty: (await table('vocabulary/duties.json')).terms,
  channel: (await table('vocabulary/channels.json')).terms,
  place: (await table('vocabulary/places.json')).terms,
};

const { actions, purposes } = await table('vocabulary/named-only.json');
/** Kind → the terms that a permission reaches only by name. */
export const namedOnly = { action: actions, purpose: purposes, data: [], duty: [], channel: [], place: [] };

/** The registry of problems: code → its title, status, fault and retry. @type {Map<string, any>} */
export const problems = new Map((await table('problems.json')).problems.map(({ code, ...rest }) => [code, rest]));
