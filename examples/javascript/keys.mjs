/**
 * Ed25519 keys, and the strict check of signatures (spec/v1/envelope.md, spec/v1/identity.md).
 *
 * Platforms differ in which points they take. So the points are checked here, in plain arithmetic on public values;
 * what touches a secret, and the equation itself, is left to Web Crypto.
 */

import { base58, hex, multibase, Problem, unhex } from './canonical.mjs';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const PKCS8 = unhex('302e020100300506032b657004220420'); // what stands before the seed of a private key
const METHOD = ['proof', 'verificationMethod'];

const mod = (n) => {
  const rest = n % P;
  return rest < 0n ? rest + P : rest;
};
const power = (base, exponent) => {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
};
const inverse = (n) => power(n, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
const littleEndian = (bytes) => BigInt('0x' + hex(Uint8Array.from(bytes).reverse()));

/** The point of 32 bytes, if they are its one canonical encoding: RFC 8032, 5.1.3. */
function decompress(bytes) {
  const sign = littleEndian(bytes) >> 255n;
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  if (y >= P) return undefined;
  const u = mod(y * y - 1n);
  const square = mod(u * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x) !== square || (x === 0n && sign === 1n)) return undefined;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

/** The sum of two points in extended coordinates. It is complete: it also doubles. */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = (y1 - x1) * (y2 - x2), b = (y1 + x1) * (y2 + x2);
  const c = mod(2n * D * t1) * t2, d = 2n * z1 * z2;
  const e = mod(b - a), f = mod(d - c), g = mod(d + c), h = mod(b + a);
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

const isNeutral = ([x, y, z]) => x === 0n && y === z;

/** Whether these bytes encode, canonically, a point of the prime-order subgroup that is not its neutral element. */
export function isStrongPoint(bytes) {
  const point = bytes.length === 32 ? decompress(bytes) : undefined;
  if (!point || isNeutral(point)) return false;
  let sum = [0n, 1n, 1n, 0n];
  for (let multiple = point, e = L; e > 0n; e >>= 1n, multiple = add(multiple, multiple)) {
    if (e & 1n) sum = add(sum, multiple);
  }
  return isNeutral(sum);
}

const strong = new Map(); // multibase → bytes: a key is checked once

/** The 32 bytes of a public key in multibase, `z6Mk…`. @param {string} key @returns {Uint8Array} */
export function publicBytes(key) {
  if (!strong.has(key)) {
    const bytes = multibase(key);
    if (bytes?.length !== 34 || bytes[0] !== 0xed || bytes[1] !== 0x01 || !isStrongPoint(bytes.slice(2))) {
      throw new Problem('weak-key', METHOD);
    }
    strong.set(key, bytes.slice(2));
  }
  return strong.get(key);
}

/** Whether this is a key that may be used. @param {string} key in multibase */
export function isStrong(key) {
  try {
    return Boolean(publicBytes(key));
  } catch {
    return false;
  }
}

/**
 * The public key that a proof names, if it belongs to `did` (spec/v1/identity.md, check 5).
 * @param {string} did @param {string} method its `verificationMethod`
 * @param {Record<string, string>} pinned key URL → multibase, as pinned for a did:web
 */
export function keyOf(did, method, pinned = {}) {
  const [holder, fragment] = method.split('#');
  const key = did.startsWith('did:key:') ? did.slice('did:key:'.length) : pinned[method];
  if (holder !== did || !key || (did.startsWith('did:key:') && fragment !== key)) throw new Problem('wrong-key', METHOD);
  return publicBytes(key);
}

/** Whether a signature holds, strictly. @param {Uint8Array} key @param {Uint8Array} data @param {Uint8Array} signature */
export async function verify(key, data, signature) {
  if (signature.length !== 64 || littleEndian(signature.slice(32)) >= L || !isStrongPoint(signature.slice(0, 32))) {
    return false;
  }
  const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, data);
}

/**
 * @typedef {object} Signer a private key and its names
 * @property {string} did @property {string} method the key URL @property {string} seed 32 bytes in hex: the secret
 * @property {(data: Uint8Array) => Promise<Uint8Array>} sign
 */

/** A signer from its seed; without one, a new key. @param {string} [seed] 32 bytes in hex @returns {Promise<Signer>} */
export async function signer(seed = hex(crypto.getRandomValues(new Uint8Array(32)))) {
  const secret = Uint8Array.of(...PKCS8, ...unhex(seed));
  const key = await crypto.subtle.importKey('pkcs8', secret, { name: 'Ed25519' }, true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', key);
  const bytes = Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  const name = 'z' + base58(Uint8Array.of(0xed, 0x01, ...bytes));
  const sign = async (data) => new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, key, data));
  return { did: `did:key:${name}`, method: `did:key:${name}#${name}`, seed, sign };
}
