import { setTimeout as wait } from 'node:timers/promises';
import type { ParkedConversation } from '@bridge/contracts';
import type { Lifted, ParkedConversationStore } from '@bridge/persistence';
import type { DeadLetterBox, KeptDeadLetter, QueueBacklog } from '@bridge/queue';

/** Nobody tells this process what a worker has done: it looks. */
const betweenLooksMs = 200;
/** A worker that has set nothing aside for so long is away, or busy with something else. */
const patienceMs = 10_000;

/** Has a parked conversation go on where it stopped, in its order. */
export class ParkedReplay {
  constructor(
    private readonly box: DeadLetterBox,
    private readonly parked: ParkedConversationStore,
    private readonly backlog: QueueBacklog,
  ) {}

  /**
   * Replays what waits until nothing more comes behind it, and lets the conversation go on. What was on the queue before
   * a replay is ahead of it there: that has to be set aside by a worker first, and be replayed in its turn.
   * @param replay has one of them done, let through by the name of the parking
   * @returns `waiting` where no worker has come to it for ten seconds: to be replayed once more
   */
  async replay(
    conversation: ParkedConversation,
    replay: (letter: KeptDeadLetter, through: string) => Promise<void>,
  ): Promise<Lifted> {
    let patientUntil = performance.now() + patienceMs;
    for (;;) {
      const letters = await this.waiting(conversation);
      for (const letter of letters) await replay(letter, conversation.parking);
      const lifted = await this.lift(conversation);
      if (lifted !== 'waiting') return lifted;
      if (letters.length > 0) patientUntil = performance.now() + patienceMs;
      else if (performance.now() > patientUntil) return 'waiting';
      else await wait(betweenLooksMs);
    }
  }

  /** Lets a conversation go on if nothing of it waits, and nothing that was replayed could be overtaken. */
  async lift(conversation: ParkedConversation): Promise<Lifted> {
    return this.parked.lift(
      conversation,
      async () =>
        (await this.waiting(conversation)).length === 0 &&
        !(await this.backlog.isAheadOfReplayed(conversation)),
    );
  }

  /** The dead letters of a conversation that wait, in its own order: a replay that failed has come behind the others. */
  async waiting({ stream, key }: ParkedConversation): Promise<KeptDeadLetter[]> {
    const letters = await this.box.choose({ stream, key });
    const waiting = letters.filter(({ parking }) => parking !== undefined);
    return waiting.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.number - b.number));
  }
}
