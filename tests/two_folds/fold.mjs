/** Folds conversations that come on standard input, a case of the vectors a line, and tells of each what came of it. */

import { createInterface } from 'node:readline';

import { fold } from '../../examples/javascript/history.mjs';
import { heard, keptOf, told } from '../../examples/javascript/test/told.mjs';

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
  const { customer, vendor, keys, words, said, answers, asks } = JSON.parse(line);
  try {
    const kept = await keptOf({ vendor, keys, words: words ?? said });
    const steps = answers && await heard(kept, customer, answers);
    const history = await fold(kept);
    const got = told(history);
    const answer = asks && await Promise.all(asks.map((ask) => answered(history, ask)));
    console.log(JSON.stringify({ ...got, steps, asks: answer }));
  } catch (error) {
    console.log(JSON.stringify({ failed: error.stack }));
  }
}
