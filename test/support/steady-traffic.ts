import type { Communication } from '@medplum/fhirtypes';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { type BothSides, readBothSides } from '../../deploy/local/src/scenario/both-sides';
import type { Stack } from '../../deploy/local/src/stack';
import { readArrivals } from '../chaos/arrivals';
import type { Talks } from '../chaos/conversations';
import type { Direction, Lane } from '../chaos/said';
import { Traffic } from '../chaos/traffic';
import { judge, missing, type Verdict } from '../chaos/verdict';
import { backlog } from './queue-evidence';
import { until } from './until';

/** Far above every pause between two tries, so that what has not come by then is lost. */
const settledWithinMs = 120_000;

/** What came of the traffic of a while. */
export interface Outcome {
  readonly verdict: Verdict;
  /** The longest that a message took from being said to being on the other side, in milliseconds, by direction. */
  readonly longestMs: Readonly<Record<Direction, number>>;
}

export interface SteadyTrafficOptions {
  /** Tells this traffic's messages from those of another in the same conversations, and seeds its pauses. */
  readonly round: number;
  /**
   * Messages that each has said and the other side does not have: with more, they wait. So a slow machine has less to do,
   * and how long a message takes tells of the bridge alone. Default: they never wait.
   */
  readonly ahead?: number;
}

/**
 * Numbered messages in every conversation, both ways, at most eight a second together. Those in Matrix are said by one
 * person on the bridge's own homeserver: what federation does to time and order is not the bridge's.
 */
export class SteadyTraffic {
  private readonly talks: Talks;
  private readonly fhir: FhirApi;
  private readonly traffic: Traffic;
  private readonly over = new AbortController();

  constructor(
    private readonly stack: Stack,
    talks: Talks,
    { round, ahead }: SteadyTrafficOptions,
  ) {
    this.fhir = new FhirApi(stack.fhir.baseUrl);
    const conversations = talks.conversations.map((each) => ({
      ...each,
      number: round * 1_000 + each.number,
    }));
    this.talks = { ...talks, conversations, speakers: [talks.network.nurse] };
    const turn = ahead === undefined ? undefined : (lane: Lane) => this.caughtUp(lane, ahead);
    this.traffic = new Traffic(this.talks, round, this.over.signal, turn);
    this.traffic.start();
  }

  /** Resolves after so many more messages; rejects when somebody cannot talk. */
  async said(count: number): Promise<void> {
    const enough = this.traffic.count + count;
    await Promise.race([
      until(`${count} messages`, () => this.traffic.count >= enough, 60_000),
      this.traffic.failure(),
    ]);
  }

  /** Lets everybody finish, waits until both sides have everything, and compares them. */
  async end(): Promise<Outcome> {
    await this.traffic.finish();
    const sides = await until('both sides to be the same', () => this.settled(), settledWithinMs);
    const { homeservers } = this.stack.federation;
    return {
      verdict: judge(this.traffic.lanes, sides, await readArrivals(homeservers.vvt)),
      longestMs: this.longest(sides),
    };
  }

  /** Lets everybody finish, without a look at what came of it; nothing is repeated any more. */
  async quit(): Promise<void> {
    this.over.abort();
    await this.traffic.finish();
  }

  /** Resolves when the other side has all that was said but so many, or nobody talks any more. */
  private async caughtUp(lane: Lane, ahead: number): Promise<void> {
    const isCaughtUp = async (): Promise<boolean> =>
      this.over.signal.aborted || lane.said.length - (await this.arrived(lane)) < ahead;
    await until('the other side to catch up', isCaughtUp, settledWithinMs);
  }

  /** How many messages of the lane are on the other side. */
  private async arrived({ direction, conversation, prefix }: Lane): Promise<number> {
    const { roomId, requestId } = this.talks.conversations.find(({ number }) => number === conversation)!;
    if (direction === 'to-matrix') {
      const { events } = this.talks.network.nurse.matrix;
      return events.filter(
        (event) => event.room_id === roomId && String(event.content.body).startsWith(prefix),
      ).length;
    }
    const partOf = { 'part-of': `CommunicationRequest/${requestId}` };
    const records = await this.fhir.search<Communication>('Communication', partOf);
    return records.filter(({ payload }) => payload?.[0]?.contentString?.startsWith(prefix)).length;
  }

  private async settled(): Promise<ReadonlyMap<number, BothSides> | false> {
    if ((await backlog(this.stack.federation.natsUrl)) > 0) return false;
    const sides = new Map<number, BothSides>();
    for (const conversation of this.talks.conversations) {
      const both = await readBothSides(this.fhir, this.talks.network.nurse.matrix, conversation);
      const lanes = this.traffic.lanes.filter((lane) => lane.conversation === conversation.number);
      if (missing(lanes, both) > 0) return false;
      sides.set(conversation.number, both);
    }
    return sides;
  }

  private longest(sides: ReadonlyMap<number, BothSides>): Record<Direction, number> {
    const longest = { 'to-fhir': 0, 'to-matrix': 0 };
    for (const { conversation, direction, said } of this.traffic.lanes) {
      const { arrivedAt } = sides.get(conversation)!;
      for (const { body, toMs } of said) {
        const tookMs = arrivedAt.get(body)! - (performance.timeOrigin + toMs);
        longest[direction] = Math.max(longest[direction], tookMs);
      }
    }
    return longest;
  }
}
