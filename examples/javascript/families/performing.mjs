/** What is being done for the customer, and on what data: rule 1 of decisions (spec/v1/decisions.md), for wishes and orders. */

import { MINUTE, minutes, shifted } from '../chain.mjs';
import { normal } from '../uri.mjs';

const DAY = 24 * 60 * MINUTE;
const ORDERED = ['dpv:RequestedServiceProvision', 'dpv:PaymentManagement', 'dpv:CustomerOrderManagement', 'dpv:CustomerCare',
  'dpv:RightsFulfilment', 'dpv:EnforceSecurity'];

/** The offer that became the order. */
export const accepted = ({ offers, accepted: of }) => offers.find(({ digest }) => digest === of);

/** What the wish and the order of a thread permit, each as long as it lasts. */
export function activities({ wishes, steps, closed, ...record }, thread, when, times) {
  const data = record.disclosed.map(({ datum, said }) => [datum.data, when(said)]);
  const live = [];
  if (wishes.length) {
    data.push(['pd:Intention', when(wishes[0].since)]); // the wish itself is data
    const said = wishes.map(({ since, until }) => ({ since: when(since), until }));
    live.push(...standingWish({ thread, data, evidence: record.evidence.slice(0, 1) }, said, when(steps[0]?.said ?? closed)));
  }
  if (steps.length) {
    const cancelled = record.state === 'cancelled' ? closed : undefined;
    // A withdrawal lets an order go on: that is a yes, which counts from its place on, also where it is the customer's.
    const before = steps.filter(({ said }) => said.place < (cancelled?.place ?? times.length + 1))
      .map(({ said, state, left }) => ({ at: times[said.place - 1], state, side: said.side, left }));
    const made = { thread, data, evidence: [record.accepted, steps[0].said.digest] };
    const { returns, warranty, recipients } = accepted(record).body;
    live.push(...standingOrder(made, before, when(cancelled), { returnDays: returns?.days, warranty, recipients: (recipients ?? [])
      .filter(({ party }) => party.id).map(({ party, data: terms }) => ({ id: normal(party.id), data: terms })) }));
  }
  return live;
}

/** What an intent permits, wording by wording: an amendment changes no answer about the time before it (DEC-20). */
export const standingWish = (made, wishes, closed) => wishes.map(({ since, until }, i) =>
  ({ ...made, kind: 'intent-live', purposes: ['opencmr:IntentCasting'], since, until, closed: wishes[i + 1]?.since ?? closed }));

/**
 * What an order permits: until it is cancelled, or done and the days for returning it are over; for customer care alone,
 * until the warranty is over.
 * @param {any} made @param {{at: string, state: string, side: string, left: boolean}[]} steps @param {string} [cancelled]
 * @param {{returnDays?: number, warranty?: string, recipients?: {id: string, data: string[]}[]}} [lasting]
 */
export function standingOrder(made, steps, cancelled, { returnDays = 0, warranty, recipients = [] } = {}) {
  const returns = returnDays * 24 * 60;
  const care = warranty ? minutes(warranty) : 0;
  const live = (after, more) => spans(steps, cancelled, after).map((span) => ({ ...made, kind: 'order-live', ...span, ...more }));
  return [...live(returns, { purposes: ORDERED, recipients }), ...(care > returns ? live(care, { purposes: ['dpv:CustomerCare'] }) : [])];
}

/**
 * An entry that comes when it had ended lets it begin anew, and changes no answer about the time before. But once it was
 * done, or withdrawn from, what the vendor reports brings nothing back.
 */
function spans(steps, cancelled, after) {
  const ends = [];
  let done; // where it first became done
  let word; // the customer's last word while it was returning
  for (const { at, state, side, left } of steps) {
    if ((done || word) && side === 'vendor' && at >= ends.at(-1)[1]) continue;
    if (state === 'done') done ??= at;
    if (state === 'returning' && side === 'customer') word = at;
    const kept = done && left ? shifted(done, after * MINUTE) : at;
    const end = { returning: () => shifted(word, 44 * DAY), done: () => at }[state]?.();
    ends.push([at, end ? [end, kept].sort()[1] : shifted(at, 365 * DAY)]);
  }
  const [last, end] = ends.at(-1);
  const closed = cancelled ?? (end <= last ? last : undefined);
  if (cancelled) ends.push([cancelled, cancelled]);
  const live = [];
  let [since, until] = ends[0];
  for (const [at, next] of ends.slice(1)) {
    if (at >= until) {
      live.push({ since, until });
      since = at;
    }
    until = next;
  }
  return [...live, { since, until, closed }];
}
