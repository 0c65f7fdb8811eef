/** What the customer permits, item by item, and takes back (spec/v1/consent/page.md). */

import { Problem } from '../canonical.mjs';
import { knows, minutes } from '../chain.mjs';
import { begins } from '../decisions.mjs';
import { misnamed, normal } from '../uri.mjs';
import { checkTerms, isTopic, liesIn, reaches } from '../vocabulary.mjs';

/** @type {import('./index.mjs').Family} */
export const consent = {
  name: 'consent',
  blank: () => ({ state: 'none', items: [], past: [], disclosed: [] }),
  rules: {
    'consent.request'(here, said) {
      const { body, expires } = said.message;
      body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
      const items = body.items.map((item) => standing('requested', item, said));
      return stated({ ...here, items, asked: said.digest, request: body, answerBy: expires });
    },
    'consent.grant'(here, said, _, before) {
      const { body } = said.message;
      const discloses = body.discloses ?? [];
      body.items.forEach((item, i) => checkTerms(item, ['body', 'items', i]));
      discloses.forEach((datum, i) => checkTerms(datum, ['body', 'discloses', i]));
      if (!here.request && !body.statement) throw new Problem('unasked-without-statement', ['body', 'statement']); // CNS-3
      if (before.state !== 'given' && here.answerBy <= said.at) throw new Problem('expired', ['created']); // CNS-9
      if (here.request) checkWithin(body, here.request);
      discloses.forEach(({ data }, i) => { // CNS-12
        const isGranted = body.items.some((item) => item.data.some((bound) => reaches('data', bound, data)));
        if (!isGranted) throw new Problem('wider-than-asked', ['body', 'discloses', i, 'data']);
      });
      const evidence = here.asked ? [said.digest, here.asked] : [said.digest];
      const [items, past] = [new Map(here.items.map((item) => [item.key, item])), [...here.past]];
      for (const item of body.items) {
        if (items.has(item.key)) past.push({ item: items.get(item.key), ended: said }); // CNS-5
        const until = [body.until, item.until ?? body.until].sort()[0];
        items.set(item.key, { ...standing('given', item, said), until, evidence });
      }
      const disclosed = [...here.disclosed, ...discloses.map((datum) => ({ datum, said }))];
      return stated({ ...here, items: [...items.values()], past, disclosed });
    },
    'consent.refuse': noWord,
    'consent.withdraw': noWord,
  },
  show: ({ state, asked, items, disclosed }) => ({
    record: 'consent', state, asked,
    items: [...items].sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, state, since, from, until, evidence, item }) =>
      ({ key, state, since: since.at, from, until, evidence, item })),
    disclosed: disclosed.length ? disclosed.map(({ datum, said }) => ({ data: datum.data, at: said.at })) : undefined,
  }),
  misplaced({ type, from, body }) {
    const isVendors = from.startsWith('did:web:');
    if (type === 'consent.withdraw' && isVendors !== Object.hasOwn(body, 'heard')) return [['body', 'heard']]; // CNS-8
    const { controller = [], items = [] } = body;
    const again = items.flatMap(({ key }, i) =>
      (items.findIndex((item) => item.key === key) < i ? [['body', 'items', i, 'key']] : [])); // CNS-4
    return [...again, ...controller.flatMap((party, i) => misnamed(party, 'controller', i)),
      ...items.flatMap(({ recipients = [] }, i) => recipients.flatMap((party, j) => misnamed(party, 'items', i, 'recipients', j)))];
  },
  known: ({ disclosed }) => disclosed.map(({ datum }) => datum.data),
  beside: () => beside({ noes: [], stands: new Map(), open: [], heard: new Map(), denied: [] }),
  statements: ({ items, past }, _, when) =>
    [...past, ...items.map((item) => ({ item }))].flatMap(({ item, ended }) => statementsOfItem(item, when, ended)),
};

/** What an item permits or prohibits: nothing while it is only asked for. `ended`: when it came to stand otherwise. */
export function statementsOfItem({ state, item, since, own = since, from, until, evidence }, when, ended) {
  if (state === 'requested') return [];
  const permit = state === 'given';
  const outside = outsiders(item).map(({ id }) => id);
  const others = outside.filter(Boolean).map(normal);
  return [{
    permit, source: permit ? 'consent' : state, actions: item.actions, purposes: item.purposes, data: item.data, vendor: true,
    others: permit || (outside.length && !outside.includes(undefined)) ? others : undefined, channels: item.channels, topics: item.topics,
    own, from: permit ? from : undefined, at: begins(own, when(since), permit), until: permit ? until : undefined,
    ended: permit ? when(ended) : undefined, evidence,
  }];
}

/** The state of all is the first of these that an item has. */
const stated = (here) => ({
  ...here, state: ['given', 'requested', 'withdrawn', 'refused'].find((state) => here.items.some((item) => item.state === state)),
});

/** An item as a word of this thread asks for it, or grants it. */
const standing = (state, item, said) => {
  const { from, until } = said.message.body;
  return { key: item.key, state, item, since: said, from, until, evidence: [said.digest] };
};
/** The same once `no` has taken it back, by what was said in the place of `since`. */
const takenBack = (item, no, since = no) => ({
  ...item, state: item.state === 'requested' ? 'refused' : 'withdrawn', since, own: no, evidence: [no.digest, ...item.evidence],
});
/** Whether a no is about the item of this key. */
const names = (no, key) => no.message.body.keys?.includes(key) ?? true;

function noWord(here, said) {
  const isMeant = ({ state, key }) => ['requested', 'given'].includes(state) && names(said, key);
  const meant = here.items.filter(isMeant);
  if (!meant.length) return undefined;
  const items = here.items.map((item) => (isMeant(item) ? takenBack(item, said) : item));
  return stated({ ...here, items, past: [...here.past, ...meant.map((item) => ({ item, ended: said }))] });
}

/** What the noes of a thread take back beside what stands. @param {ReturnType<typeof besideAfter>} kept */
const beside = (kept) => ({
  statements: (when) => kept.denied.flatMap((item) => statementsOfItem(item, when)),
  after: (said, outcome) => beside(besideAfter(kept, said, outcome)),
});

/**
 * A vendor gives the places: it could let a no pass before the grant that it is about, refuse that grant, or hold the no
 * back until a later grant says less. So a no denies, for the keys that it names, also what a grant said that took no
 * effect, unless that grant knows the no; what stood before, unless the no knows what replaced it; and what the vendor
 * has taken back for words that it says it heard (`heard`).
 */
function besideAfter(kept, said, outcome) {
  const { message: { type, body }, side, place } = said;
  const { noes, stands, open, heard, denied } = kept;
  if (outcome === 'accepted' && (type === 'consent.request' || type === 'consent.grant')) {
    const items = body.items.map((item) => standing(type === 'consent.grant' ? 'given' : 'requested', item, said));
    const held = new Map([...heard, ...stands]);
    const before = items.filter(({ key }) => held.has(key)).map(({ key }) => [held.get(key), place]);
    return {
      ...kept, open: [...open, ...before],
      stands: new Map([...stands, ...items.map((item) => [item.key, item])]),
      heard: new Map([...heard].filter(([key]) => !items.some((item) => item.key === key))),
    };
  }
  if (type === 'consent.grant' && side === 'customer') {
    const [left, lost] = [[...open], [...denied]];
    for (const item of body.items) {
      const no = noes.findLast((each) => !knows(said.knows, each.place) && names(each, item.key));
      if (no) lost.push(takenBack(standing('given', item, said), no, said));
      left.push([standing('given', item, said), 0]); // it may be taken back by a no that comes yet
    }
    return { ...kept, open: left, denied: lost };
  }
  if ((type !== 'consent.refuse' && type !== 'consent.withdraw') || outcome === 'void') return kept;
  // What a vendor heard elsewhere, it says of all that it holds.
  const isMeant = ([{ key }, by]) => names(said, key) && !(by && (side === 'vendor' || knows(said.knows, by)));
  const meant = [...stands].filter(([key]) => names(said, key));
  const again = side === 'customer' ? [...heard].filter(([key]) => names(said, key)) : [];
  return {
    noes: [...noes, said],
    stands: new Map([...stands].filter(([key]) => !names(said, key))),
    open: open.filter((one) => !isMeant(one)),
    heard: new Map([...[...heard].filter(([key]) => !again.some(([of]) => of === key)), ...(side === 'vendor' ? meant : [])]),
    denied: [...denied, ...[...open.filter(isMeant).map(([item]) => item), ...again.map(([, item]) => item)].map((item) => takenBack(item, said))],
  };
}

/** CNS-1, CNS-2: a grant is never wider than what was asked. */
function checkWithin({ items, until }, request) {
  const wider = (...path) => { throw new Problem('wider-than-asked', ['body', ...path]); };
  items.forEach((item, i) => {
    const asked = request.items.find(({ key }) => key === item.key) ?? wider('items', i, 'key');
    const listed = (member, lies) => asked[member] && (item[member] ?? wider('items', i, member)).forEach((one, j) =>
      asked[member].some((bound) => lies(bound, one)) || wider('items', i, member, j));
    for (const [member, kind] of Object.entries({ actions: 'action', channels: 'channel', data: 'data', purposes: 'purpose' })) {
      listed(member, (bound, term) => reaches(kind, bound, term));
    }
    const known = outsiders(asked).map(({ id, name }) => id ?? ` ${name}`);
    (item.recipients ?? []).forEach((party, j) =>
      !isOutside(party) || known.includes(party.id ?? ` ${party.name}`) || wider('items', i, 'recipients', j));
    if (asked.retention && !isWithin(item.retention, asked.retention)) wider('items', i, 'retention');
    listed('storedIn', liesIn);
    listed('topics', isTopic);
    if (item.until > request.until) wider('items', i, 'until');
  });
  if (until > request.until) wider('until');
}

const isOutside = ({ role }) => !['controller', 'processor'].includes(role);
/** Who receives data besides the vendor and its processors. */
const outsiders = ({ recipients = [] }) => recipients.filter(isOutside);

function isWithin(granted, asked) {
  if (asked.until) return granted?.until <= asked.until;
  return Boolean(granted?.period) && granted.after === asked.after && minutes(granted.period) <= minutes(asked.period);
}
