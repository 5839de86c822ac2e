import type { BothSides, RoomMessage } from '../../deploy/local/src/scenario/both-sides';
import type { Lane, SaidMessage } from './said';

/** What became of what was said. */
export interface Verdict {
  readonly said: number;
  readonly lost: readonly SaidMessage[];
  /** Bodies of the lost ones that the bridge's homeserver does not have either: the federation lost them. */
  readonly lostByFederation: readonly string[];
  readonly duplicated: readonly SaidMessage[];
  /** Messages that stand behind one that was said after them. */
  readonly disordered: readonly SaidMessage[];
  /** Bodies that are there though nobody's message of that body was answered. */
  readonly unsaid: readonly string[];
  /**
   * Messages that came to the bridge's homeserver in another order than the one in which their sender's homeserver took
   * them, or only when it fetched what it had missed. The bridge's order is measured by what its homeserver tells it;
   * these are only told.
   */
  readonly reorderedByFederation: number;
}

/**
 * Compares what was said with what both servers hold.
 * @param sides by number of conversation; each with what the servers hold of it
 * @param arrivals the order in which the bridge's homeserver got to know its events, by event id
 */
export function judge(
  lanes: readonly Lane[],
  sides: ReadonlyMap<number, BothSides>,
  arrivals: ReadonlyMap<string, number>,
): Verdict {
  const verdicts = lanes.map((lane) => judgeLane(lane, sides.get(lane.conversation)!, arrivals));
  return {
    said: lanes.reduce((sum, { said }) => sum + said.length, 0),
    lost: verdicts.flatMap(({ lost }) => lost),
    lostByFederation: verdicts.flatMap(({ lostByFederation }) => lostByFederation),
    duplicated: verdicts.flatMap(({ duplicated }) => duplicated),
    disordered: verdicts.flatMap(({ disordered }) => disordered),
    unsaid: verdicts.flatMap(({ unsaid }) => unsaid),
    reorderedByFederation: verdicts.reduce((sum, { reordered }) => sum + reordered, 0),
  };
}

/** Messages of these lanes that the other side does not have yet. */
export function missing(lanes: readonly Lane[], sides: BothSides): number {
  return lanes.reduce((sum, lane) => {
    const found = new Set(foundOf(lane, sides));
    return sum + lane.said.filter(({ body }) => !found.has(body)).length;
  }, 0);
}

function judgeLane(lane: Lane, sides: BothSides, arrivals: ReadonlyMap<string, number>) {
  const found = foundOf(lane, sides);
  const byBody = new Map(lane.said.map((message) => [message.body, message]));
  const times = countOf(found);
  const messages = (bodies: readonly string[]) => bodies.flatMap((body) => byBody.get(body) ?? []);
  const once = [...times.keys()];
  const asSaid = lane.said.map(({ body }) => body);
  const inRoom = ofLane(
    lane,
    sides.saidInRoom.map(({ body }) => body),
  );
  const arrived = ofLane(lane, inOrderOfArrival(sides.saidInRoom, arrivals));
  const lost = lane.said.filter(({ body }) => !times.has(body));
  return {
    lost,
    lostByFederation: lost.flatMap(({ body }) =>
      lane.direction === 'to-fhir' && !inRoom.includes(body) ? [body] : [],
    ),
    duplicated: messages(once.filter((body) => times.get(body)! > 1)),
    disordered: messages(behindLater(once, lane.direction === 'to-fhir' ? arrived : asSaid)),
    unsaid: once.filter((body) => !byBody.has(body)),
    reordered: behindLater(arrived, asSaid).length + inRoom.length - arrived.length,
  };
}

/** Bodies of what a homeserver told when it came, in the order in which it came. */
function inOrderOfArrival(messages: readonly RoomMessage[], arrivals: ReadonlyMap<string, number>): string[] {
  return messages
    .flatMap(({ eventId, body }) => {
      const position = arrivals.get(eventId);
      return position === undefined ? [] : [{ position, body }];
    })
    .sort((one, other) => one.position - other.position)
    .map(({ body }) => body);
}

function foundOf(lane: Lane, { recorded, shown }: BothSides): string[] {
  return ofLane(lane, lane.direction === 'to-fhir' ? recorded : shown);
}

function ofLane({ prefix }: Lane, bodies: readonly string[]): string[] {
  return bodies.filter((body) => body.startsWith(prefix));
}

/** In the order of the first of each. */
function countOf(bodies: readonly string[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const body of bodies) times.set(body, (times.get(body) ?? 0) + 1);
  return times;
}

/** Those of `bodies` that come after one which `order` has behind them; what `order` does not have counts for nothing. */
function behindLater(bodies: readonly string[], order: readonly string[]): string[] {
  const positions = new Map(order.map((body, position) => [body, position]));
  let furthest = -1;
  return bodies.filter((body) => {
    const position = positions.get(body) ?? furthest;
    if (position < furthest) return true;
    furthest = position;
    return false;
  });
}
