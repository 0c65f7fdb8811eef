/** Bytes and JSON: strict reading, canonical writing, digests (spec/v1/envelope.md). */

const MESSAGE = { size: 65_536, depth: 32 };
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** @typedef {(string | number)[]} Path the names and positions that lead to a member */

/** What is wrong: a code of spec/v1/problems.json, and the JSON pointer of the bad member where there is one. */
export class Problem extends Error {
  /** @param {string} code @param {Path} [path] @param {string} [detail] for people */
  constructor(code, path, detail = '') {
    super([code, path && `at ${pointer(path) || 'the top'}`, detail].filter(Boolean).join(' · '));
    this.code = code;
    this.pointer = path && pointer(path);
  }
}

/** The JSON pointer of a path, or of what of it a problem has room for (ENV-15). @param {Path} path @returns {string} */
export const pointer = (path) => {
  const whole = path.map((step) => '/' + String(step).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
  return [...whole].length > 500 ? pointer(path.slice(0, -1)) : whole;
};

/**
 * The JSON object in these bytes, which must be canonical: what we would write is what came. That one comparison
 * catches duplicate names, white space and needless escapes; `canonical` looks for what it can't.
 * @param {Uint8Array} bytes exactly as received
 * @param {{size: number, depth: number}} [most] bytes and levels
 * @returns {any}
 */
export function read(bytes, most = MESSAGE) {
  if (bytes.length > most.size) throw new Problem('too-large');
  let text, value;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new Problem('not-json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Problem('not-json');
  if (canonical(value, most.depth) !== text) {
    // JSON.parse has made 1 of 1.0 and of 1e0: look for them outside the strings.
    const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
    throw new Problem(/\d[.eE]/.test(bare) ? 'bad-number' : 'not-canonical');
  }
  return value;
}

/** The canonical text (RFC 8785) of a JSON value within the profile. @param {unknown} value @param {number} [depth] */
export function canonical(value, depth = MESSAGE.depth, path = []) {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new Problem('not-json', path, 'a lone surrogate');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isSafeInteger(value)) throw new Problem('bad-number', path);
      return String(value);
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) break;
      if (path.length >= depth) throw new Problem('too-deep', path);
      if (Array.isArray(value)) return `[${value.map((item, i) => canonical(item, depth, [...path, i])).join(',')}]`;
      return `{${Object.keys(value).sort().map((name) => {
        if (!/^[\0-\x7f]*$/.test(name)) throw new Problem('malformed', [...path, name], 'names are ASCII');
        return `${JSON.stringify(name)}:${canonical(value[name], depth, [...path, name])}`;
      }).join(',')}}`;
  }
  throw new Problem('null-member', path, 'leave an absent member out');
}

/** The canonical bytes of a JSON value. @param {unknown} value @param {number} [depth] */
export const bytesOf = (value, depth) => new TextEncoder().encode(canonical(value, depth));

/** @param {Uint8Array} bytes @returns {Promise<Uint8Array>} */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** The digest of bytes, or of the canonical bytes of a value. @param {unknown} what @returns {Promise<string>} */
export async function digest(what) {
  const bytes = what instanceof Uint8Array ? what : bytesOf(what);
  return 'z' + base58(Uint8Array.of(0x12, 0x20, ...(await sha256(bytes))));
}

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} text */
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Base58-btc. @param {Uint8Array} bytes */
export function base58(bytes) {
  let text = '';
  for (let n = BigInt('0x0' + hex(bytes)); n > 0n; n /= 58n) text = ALPHABET[Number(n % 58n)] + text;
  for (let i = 0; bytes[i] === 0; i++) text = '1' + text;
  return text;
}

/** The bytes of a multibase base58-btc text; none where it is not one. @param {string} text */
export function multibase(text) {
  if (!/^z[1-9A-HJ-NP-Za-km-z]*$/.test(text)) return undefined;
  let n = 0n;
  for (const letter of text.slice(1)) n = n * 58n + BigInt(ALPHABET.indexOf(letter));
  const digits = n === 0n ? '' : n.toString(16);
  const zeros = text.slice(1).match(/^1*/)[0].length;
  return Uint8Array.of(...new Uint8Array(zeros), ...unhex(digits.length % 2 ? '0' + digits : digits));
}
