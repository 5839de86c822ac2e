import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { communication } from '../../deploy/local/src/example-data';
import { Random } from '../support/random';
import type { Conversation, Talks } from './conversations';
import { untilAnswered } from './repeated';
import type { Direction, Lane, SaidMessage } from './said';

/** Messages of all people together, a second: what three homeservers and the bridge do on two cores beside the faults. */
const perSecond = 8;
/** Messages that somebody says in a row. */
const burst = [1, 4] as const;
const meanBurst = (burst[0] + burst[1]) / 2;
const hourMs = 3_600_000;

/** Says what has this body, again and again until it is answered; the repetition has to be the same message. */
type Say = (body: string) => Promise<unknown>;

/** Resolves when the lane may say its next message. */
export type Turn = (lane: Lane) => Promise<void>;

/** Everybody who talks, in every conversation: numbered messages, in bursts, until they are stopped. */
export class Traffic {
  readonly lanes: readonly TalkingLane[];
  private readonly over = new AbortController();
  private talking?: Promise<unknown>;

  constructor(
    talks: Talks,
    private readonly seed: number,
    /** Ends even the repetition of a request. */
    signal: AbortSignal,
    private readonly turn: Turn = () => Promise.resolve(),
  ) {
    this.lanes = talks.conversations.flatMap((conversation) => [
      ...talks.speakers.map(({ organisation, matrix }) => {
        const say: Say = (body) =>
          // The body names it: the same transaction again.
          matrix.send(conversation.roomId, 'm.room.message', { msgtype: 'm.text', body }, body);
        return new TalkingLane('to-fhir', conversation.number, organisation, say, signal);
      }),
      new TalkingLane('to-matrix', conversation.number, 'record', writer(talks, conversation, seed), signal),
    ]);
    setMaxListeners(0, this.over.signal, signal);
  }

  start(): void {
    const { lanes, seed } = this;
    const pauseMs = (lanes.length * meanBurst * 1_000) / perSecond;
    const talks = lanes.map((lane, index) => {
      const pace = { random: new Random(seed + index), meanPauseMs: pauseMs, turn: this.turn };
      return lane.talk(pace, this.over.signal);
    });
    this.talking = Promise.all(talks);
  }

  /** How many messages were said so far. */
  get count(): number {
    return this.lanes.reduce((sum, { said }) => sum + said.length, 0);
  }

  /** Rejects when somebody cannot talk: to be raced with whatever else goes on. */
  async failure(): Promise<never> {
    await this.talking;
    return new Promise(() => undefined);
  }

  /** Lets everybody finish, and say one last message, which shows that nothing before it is on its way still. */
  async finish(): Promise<void> {
    this.over.abort();
    await this.talking;
    await Promise.all(this.lanes.map((lane) => lane.say()));
  }
}

interface Pace {
  readonly random: Random;
  readonly meanPauseMs: number;
  readonly turn: Turn;
}

class TalkingLane implements Lane {
  readonly said: SaidMessage[] = [];
  readonly prefix: string;

  constructor(
    readonly direction: Direction,
    readonly conversation: number,
    who: string,
    private readonly attempt: Say,
    private readonly signal: AbortSignal,
  ) {
    this.prefix = `${who}-${conversation}-`;
  }

  async talk({ random, meanPauseMs, turn }: Pace, over: AbortSignal): Promise<void> {
    // Not all at the same time at first, and everybody soon.
    for (let pauseMs = random.next() * meanPauseMs * 0.5; ; pauseMs = random.next() * meanPauseMs * 2) {
      await wait(pauseMs, undefined, { signal: over }).catch(() => undefined);
      for (let left = random.between(...burst); left > 0 && !over.aborted; left -= 1) {
        await turn(this);
        await this.say();
      }
      if (over.aborted) return;
    }
  }

  async say(): Promise<void> {
    const body = `${this.prefix}${this.said.length + 1}`;
    const fromMs = performance.now();
    await untilAnswered(() => this.attempt(body), this.signal);
    this.said.push({ body, fromMs, toMs: performance.now() });
  }
}

/** Writes in the record under clocks that are wrong by hours: `sent` says when somebody believes to have written. */
function writer({ network, careTeamId }: Talks, { number, requestId }: Conversation, seed: number): Say {
  const random = new Random(seed - number);
  const { fhir, patient, carer } = network;
  const system = 'urn:chaos:message';
  return (body) => {
    const written = communication(requestId, patient.id, careTeamId, `RelatedPerson/${carer.id}`, body);
    const sent = new Date(Date.now() + random.between(-12, 12) * hourMs).toISOString();
    return fhir.create(
      { ...written, sent, identifier: [{ system, value: body }] },
      { 'if-none-exist': `identifier=${encodeURIComponent(`${system}|${body}`)}` },
    );
  };
}
