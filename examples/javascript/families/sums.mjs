/** What amounts and quantities come to (spec/v1/intent/page.md): exact, in millionths. */

import { Problem } from '../canonical.mjs';

/** A decimal string in millionths. */
export const micros = (amount) => {
  const [whole, part = ''] = amount.replace('-', '').split('.');
  return BigInt(whole + part.padEnd(6, '0')) * (amount.startsWith('-') ? -1n : 1n);
};
const sum = (amounts) => amounts.reduce((soFar, amount) => soFar + amount, 0n);
const wrong = (...path) => new Problem('wrong-total', ['body', ...path]);

/** How many periods of a line are owed at least. */
const owed = ({ minimum, times }) => BigInt(Math.min(...[minimum, times].filter((n) => n !== undefined), ...(minimum ?? times) === undefined ? [1] : []));

/** OFR-1, OFR-2, OFR-12 to OFR-14: what lines and adjustments come to, in one currency. */
export function checkSums({ lines, adjustments = [], cancellation = [], changes = [], schedule, total, commitment }) {
  adjustments.forEach(({ lines: named = [] }, i) => {
    named.forEach((line, j) => checkIndex(line, lines, ['body', 'adjustments', i, 'lines', j]));
    const alike = named.map((line) => lines[line].recurs).map((recurs) => recurs && `${recurs.every} ${owed(recurs)}`);
    if (new Set(alike).size > 1) throw wrong('adjustments', i, 'lines');
  });
  const amounts = [
    ...adjustments.map(({ amount }, i) => [amount, 'adjustments', i, 'amount']),
    ...cancellation.map(({ fee }, i) => [fee, 'cancellation', i, 'fee']),
    ...changes.map(({ fee }, i) => [fee, 'changes', i, 'fee']),
    [commitment, 'commitment'],
    ...lines.flatMap(({ price, recurs, tiers = [], unitPrice }, i) => [
      [price, 'lines', i, 'price'], [recurs?.exitFee, 'lines', i, 'recurs', 'exitFee'],
      ...tiers.map((tier, j) => [tier.unitPrice, 'lines', i, 'tiers', j, 'unitPrice']), [unitPrice, 'lines', i, 'unitPrice'],
    ]),
    ...(schedule ?? []).map(({ amount }, i) => [amount, 'schedule', i, 'amount']),
  ];
  for (const [money, ...path] of amounts) if (money && money.currency !== total.currency) throw wrong(...path, 'currency');
  const parts = [
    ...lines.filter(({ price }) => price).map(({ price, recurs }) => [micros(price.amount), recurs]),
    ...adjustments.filter(({ included, kind }) => !included && kind !== 'estimate')
      .map(({ amount, lines: [first] = [] }) => [micros(amount.amount), lines[first]?.recurs]),
  ];
  const once = sum(parts.filter(([, recurs]) => !recurs).map(([amount]) => amount));
  if (lines.some(({ recurs }) => recurs) !== Boolean(commitment)) throw wrong('commitment');
  const least = once + sum(parts.filter(([, recurs]) => recurs).map(([amount, recurs]) => amount * owed(recurs)));
  if (commitment && micros(commitment.amount) !== least) throw wrong('commitment');
  if (micros(total.amount) !== once) throw wrong('total');
  if (schedule && sum(schedule.map(({ amount }) => micros(amount.amount))) !== once) throw wrong('schedule');
}

/** OFR-9, OFR-10, OFR-15: an acceptance says again what it accepts, and pays that. */
export function checkAccepted(body, made) {
  const { payment = [], total } = body;
  payment.forEach(({ method }, i) => {
    if (made.payment && !made.payment.includes(method)) throw new Problem('unknown-reference', ['body', 'payment', i, 'method']);
  });
  checkSame('commitment', body, made);
  checkSame('total', body, made);
  payment.forEach(({ amount }, i) => {
    if (amount && amount.currency !== made.total.currency) throw wrong('payment', i, 'amount', 'currency');
  });
  const said = payment.filter(({ amount }) => amount).map(({ amount }) => micros(amount.amount));
  const open = payment.length - said.length;
  const isPaid = open ? sum(said) <= micros(total.amount) : sum(said) === micros(total.amount);
  if (payment.length && (open > 1 || !isPaid)) throw wrong('payment');
}

/** An amount that is said again is the same. */
export function checkSame(name, { [name]: said }, { [name]: right }) {
  if (!said && !right) return;
  if (!said || !right || micros(said.amount) !== micros(right.amount) || said.currency !== right.currency) throw wrong(name);
}

export function checkIndex(index, list, path) {
  if (index >= list.length) throw new Problem('unknown-reference', path);
}

/** How much was ordered of a line. */
export const orderedOf = ({ quantity }) => micros(quantity?.value ?? '1');
/** How much of a line is named, as a whole or by quantities. */
export const amountOf = (parts, line, all) => sum(parts.filter((part) => part.line === line)
  .map(({ quantity }) => (quantity ? micros(quantity.value) : all)));
/** The lines of which in all as much is named as was ordered; who names none names all of all. */
export const linesOff = (naming, ordered) => new Set(ordered.map(orderedOf).flatMap((all, line) => {
  const parts = naming.flatMap(({ lines }) => lines?.filter((part) => part.line === line) ?? [{ line }]);
  return parts.length && amountOf(parts, line, all) >= all ? [line] : [];
}));
