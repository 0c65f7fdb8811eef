/** Folds conversations that come on standard input, a case of the vectors a line, and tells of each what came of it. */

import { createInterface } from 'node:readline';

import { fold } from '../history.mjs';
import { keptOf, told } from './told.mjs';

/** What is answered; of a question that gets no decision (DEC-2, DEC-18) nothing. */
async function answered(history, { question, at, now, mine }) {
  try {
    const { answer, reason, evidence } = await history.may(question, at, { now, mine });
    return { answer, reason, evidence: [...evidence].sort() };
  } catch (error) {
    if (!/^no (action|purpose|data|channel|party): /.test(error.message)) throw error;
    return null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { asks, ...kept } = JSON.parse(line);
  try {
    const history = await fold(await keptOf(kept));
    const { digests, ...got } = told(history);
    const answers = [];
    for (const ask of asks) answers.push(await answered(history, ask));
    console.log(JSON.stringify({ ...got, asks: answers }));
  } catch (error) {
    console.log(JSON.stringify({ failed: error.stack }));
  }
}
