/** Who said it: proofs of the cryptosuite eddsa-jcs-2022 (spec/v1/envelope.md, Proof). */

import { base58, bytesOf, multibase, Problem, sha256 } from './canonical.mjs';
import { keyOf, verify } from './keys.mjs';

/** The 64 bytes that are signed: the hash of the options, then that of the document. @param {object} message */
export async function hashData({ proof: { proofValue, ...options }, ...document }) {
  return Uint8Array.of(...(await sha256(bytesOf(options))), ...(await sha256(bytesOf(document))));
}

/** The message with its proof. @param {object} message without `proof` @param {import('./keys.mjs').Signer} signer */
export async function sign(message, { method, sign }) {
  const proof = {
    type: 'DataIntegrityProof',
    cryptosuite: 'eddsa-jcs-2022',
    verificationMethod: method,
    proofPurpose: 'assertionMethod',
  };
  const signature = await sign(await hashData({ ...message, proof }));
  return { ...message, proof: { ...proof, proofValue: 'z' + base58(signature) } };
}

/**
 * Checks 5 and 6: the key belongs to the sender, and the signature holds.
 * @param {object} message whose shape has been checked @param {Record<string, string>} [pinned] key URL → multibase
 */
export async function check(message, pinned) {
  const key = keyOf(message.from, message.proof.verificationMethod, pinned);
  const signature = multibase(message.proof.proofValue) ?? new Uint8Array();
  if (!(await verify(key, await hashData(message), signature))) {
    throw new Problem('bad-signature', ['proof', 'proofValue']);
  }
}
