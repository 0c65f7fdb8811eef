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
      const asked = (item) => ({ key: item.key, state: 'requested', since: said, until: body.until, evidence: [said.digest], item });
      return stated({ ...here, items: body.items.map(asked), asked: said.digest, request: body, answerBy: expires });
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
        items.set(item.key, { key: item.key, state: 'given', since: said, from: body.from, until, evidence, item });
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
  beside: () => new Beside(),
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

function noWord(here, said) {
  const { keys } = said.message.body;
  const after = { requested: 'refused', given: 'withdrawn' };
  const isMeant = ({ state, key }) => state in after && (keys?.includes(key) ?? true);
  const meant = here.items.filter(isMeant);
  if (!meant.length) return undefined;
  const turned = (item) => ({ ...item, state: after[item.state], since: said, evidence: [said.digest, ...item.evidence] });
  const items = here.items.map((item) => (isMeant(item) ? turned(item) : item));
  return stated({ ...here, items, past: [...here.past, ...meant.map((item) => ({ item, ended: said }))] });
}

/**
 * What the noes of a thread take back beside what stands.
 *
 * A vendor gives the places: it could let a no pass before the grant that it is about, refuse that grant, or hold the no
 * back until a later grant says less. So a no denies, for the keys that it names, also what a grant said that took no
 * effect, unless that grant knows the no; what stood before, unless the no knows what replaced it; and what the vendor
 * has taken back for words that it says it heard (`heard`).
 */
class Beside {
  noes = [];
  stands = new Map();
  open = [];
  heard = new Map();
  denied = [];

  statements(when) {
    return this.denied.flatMap((item) => statementsOfItem(item, when));
  }

  after(said, outcome) {
    return Object.assign(new Beside(), this, this.#after(said, outcome));
  }

  /** What is other after one more word of the thread. */
  #after(said, outcome) {
    const { message: { type, body }, digest, side, place } = said;
    const { noes, stands, open, heard, denied } = this;
    const names = (no, key) => no.message.body.keys?.includes(key) ?? true;
    const record = (item, state) => ({
      key: item.key, state, item, since: said, from: state === 'given' ? body.from : undefined, until: body.until, evidence: [digest],
    });
    const taken = (item, no) => ({
      ...item, state: item.state === 'requested' ? 'refused' : 'withdrawn', since: said, own: no, evidence: [no.digest, ...item.evidence],
    });
    if (outcome === 'accepted' && (type === 'consent.request' || type === 'consent.grant')) {
      const items = body.items.map((item) => record(item, type === 'consent.grant' ? 'given' : 'requested'));
      const held = new Map([...heard, ...stands]);
      const before = items.filter(({ key }) => held.has(key)).map(({ key }) => [held.get(key), place]);
      return {
        open: [...open, ...before],
        stands: new Map([...stands, ...items.map((item) => [item.key, item])]),
        heard: new Map([...heard].filter(([key]) => !items.some((item) => item.key === key))),
      };
    }
    if (type === 'consent.grant' && side === 'customer') {
      const [left, lost] = [[...open], [...denied]];
      for (const item of body.items) {
        const no = noes.findLast((each) => !knows(said.knows, each.place) && names(each, item.key));
        if (no) lost.push(taken(record(item, 'given'), no));
        left.push([record(item, 'given'), 0]); // it may be taken back by a no that comes yet
      }
      return { open: left, denied: lost };
    }
    if ((type !== 'consent.refuse' && type !== 'consent.withdraw') || outcome === 'void') return {};
    // What a vendor heard elsewhere, it says of all that it holds.
    const isMeant = ([{ key }, by]) => names(said, key) && !(by && (side === 'vendor' || knows(said.knows, by)));
    const meant = [...stands].filter(([key]) => names(said, key));
    const again = side === 'customer' ? [...heard].filter(([key]) => names(said, key)) : [];
    return {
      noes: [...noes, said],
      stands: new Map([...stands].filter(([key]) => !names(said, key))),
      open: open.filter((one) => !isMeant(one)),
      heard: new Map([...[...heard].filter(([key]) => !again.some(([of]) => of === key)), ...(side === 'vendor' ? meant : [])]),
      denied: [...denied, ...[...open.filter(isMeant).map(([item]) => item), ...again.map(([, item]) => item)].map((item) => taken(item, said))],
    };
  }
}

/** CNS-1, CNS-2: a grant is never wider than what was asked. */
function checkWithin({ items, until }, request) {
  const wider = (...path) => { throw new Problem('wider-than-asked', ['body', ...path]); };
  items.forEach((item, i) => {
    const asked = request.items.find(({ key }) => key === item.key) ?? wider('items', i, 'key');
    const listed = (member, lies) => asked[member] && (item[member] ?? wider('items', i, member)).forEach((one, j) =>
      asked[member].some((bound) => lies(bound, one)) || wider('items', i, member, j));
    const reached = (kind) => (bound, term) => reaches(kind, bound, term);
    listed('actions', reached('action'));
    listed('channels', reached('channel'));
    listed('data', reached('data'));
    listed('purposes', reached('purpose'));
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
export const outsiders = ({ recipients = [] }) => recipients.filter(isOutside);

function isWithin(granted, asked) {
  if (asked.until) return granted?.until <= asked.until;
  return Boolean(granted?.period) && granted.after === asked.after && minutes(granted.period) <= minutes(asked.period);
}
