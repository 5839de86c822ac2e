import type { BothSides, RoomMessage } from '../../deploy/local/src/scenario/both-sides';
import type { Direction, Lane } from './said';
import { judge, missing } from './verdict';

const bodies = (who: string, ...numbers: number[]): string[] => numbers.map((number) => `${who}-1-${number}`);

function lane(direction: Direction, who: string, count: number): Lane {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const said = bodies(who, ...numbers).map((body, at) => ({ body, fromMs: at, toMs: at + 1 }));
  return { direction, conversation: 1, prefix: `${who}-1-`, said };
}

const toFhir = lane('to-fhir', 'vvt', 4);
const fromPartner = lane('to-fhir', 'huisarts', 2);
const toMatrix = lane('to-matrix', 'record', 3);
const lanes = [toFhir, fromPartner, toMatrix];

/** Their event ids are their bodies. */
const inRoom = (...messages: string[]): RoomMessage[] => messages.map((body) => ({ eventId: body, body }));

const good: BothSides = {
  saidInRoom: inRoom(...bodies('vvt', 1, 2), ...bodies('huisarts', 1, 2), ...bodies('vvt', 3, 4)),
  recorded: [...bodies('vvt', 1, 2), ...bodies('huisarts', 1, 2), ...bodies('vvt', 3, 4)],
  shown: bodies('record', 1, 2, 3),
  arrivedAt: new Map(),
};

/** @param arrived in which order the bridge's homeserver got to know what is in the Room */
function verdictOf(changed: Partial<BothSides>, arrived?: readonly string[]) {
  const sides = { ...good, ...changed };
  const order = arrived ?? sides.saidInRoom.map(({ body }) => body);
  const arrivals = new Map(order.map((body, position) => [body, position]));
  const { lost, duplicated, disordered, ...rest } = judge(lanes, new Map([[1, sides]]), arrivals);
  const names = (messages: typeof lost): string[] => messages.map(({ body }) => body);
  return { lost: names(lost), duplicated: names(duplicated), disordered: names(disordered), ...rest };
}

const held = {
  said: 9,
  lost: [],
  lostByFederation: [],
  duplicated: [],
  disordered: [],
  unsaid: [],
  reorderedByFederation: 0,
};

describe('the verdict', () => {
  it('finds nothing where nothing is wrong, however the people of different homeservers are mixed', () => {
    expect(verdictOf({})).toEqual(held);
    const recorded = [...bodies('huisarts', 1), ...bodies('vvt', 1, 2, 3, 4), ...bodies('huisarts', 2)];
    expect(verdictOf({ recorded })).toEqual(held);
  });

  it('finds a message that is lost, in each direction', () => {
    const recorded = good.recorded.filter((body) => body !== 'vvt-1-2');
    expect(verdictOf({ recorded })).toEqual({ ...held, lost: ['vvt-1-2'] });
    expect(verdictOf({ shown: bodies('record', 1, 2) })).toEqual({ ...held, lost: ['record-1-3'] });
    const withoutPartner = bodies('vvt', 1, 2, 3, 4);
    expect(verdictOf({ saidInRoom: inRoom(...withoutPartner), recorded: withoutPartner })).toEqual({
      ...held,
      lost: ['huisarts-1-1', 'huisarts-1-2'],
      lostByFederation: ['huisarts-1-1', 'huisarts-1-2'],
    });
  });

  it('finds a message that is there twice, in each direction, also at the other end', () => {
    expect(verdictOf({ recorded: [...good.recorded, 'vvt-1-1'] })).toEqual({
      ...held,
      duplicated: ['vvt-1-1'],
    });
    expect(verdictOf({ shown: bodies('record', 1, 2, 2, 3) })).toEqual({
      ...held,
      duplicated: ['record-1-2'],
    });
  });

  it('finds a message in the wrong place, in each direction', () => {
    const recorded = [...bodies('vvt', 1, 3, 2, 4), ...bodies('huisarts', 1, 2)];
    expect(verdictOf({ recorded })).toEqual({ ...held, disordered: ['vvt-1-2'] });
    expect(verdictOf({ shown: bodies('record', 3, 1, 2) })).toEqual({
      ...held,
      disordered: ['record-1-1', 'record-1-2'],
    });
  });

  it("measures what is recorded by the order of the bridge's homeserver, and tells of the federation's", () => {
    const swapped = [...bodies('vvt', 1, 2, 3, 4), ...bodies('huisarts', 2, 1)];
    expect(verdictOf({ recorded: swapped }, swapped)).toEqual({
      ...held,
      reorderedByFederation: 1,
    });
    expect(verdictOf({}, swapped)).toEqual({
      ...held,
      disordered: ['huisarts-1-2'],
      reorderedByFederation: 1,
    });
  });

  it('does not measure what the homeserver fetched later, of which it tells nobody, and tells of it', () => {
    const gap = [...bodies('vvt', 1, 2, 3, 4), ...bodies('huisarts', 2)];
    const recorded = [...bodies('vvt', 1, 2, 3, 4), ...bodies('huisarts', 2, 1)];
    expect(verdictOf({ recorded }, gap)).toEqual({ ...held, reorderedByFederation: 1 });
  });

  it('finds a message that nobody said', () => {
    expect(verdictOf({ recorded: [...good.recorded, 'vvt-1-99'] })).toEqual({
      ...held,
      unsaid: ['vvt-1-99'],
    });
  });

  it('counts what has not come yet', () => {
    expect(missing(lanes, good)).toBe(0);
    expect(missing(lanes, { ...good, recorded: [], shown: bodies('record', 2) })).toBe(8);
  });
});
