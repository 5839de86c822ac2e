import type { ParkedConversation } from '@bridge/contracts';
import type { Lifted, ParkedConversationStore } from '@bridge/persistence';
import type { DeadLetterBox, KeptDeadLetter } from '@bridge/queue';

/** Has a parked conversation go on where it stopped, in its order. */
export class ParkedReplay {
  constructor(
    private readonly box: DeadLetterBox,
    private readonly parked: ParkedConversationStore,
  ) {}

  /**
   * Replays what waits until nothing more comes behind it, and lets the conversation go on.
   * @param replay has one of them done, let through by the name of the parking
   */
  async replay(
    conversation: ParkedConversation,
    replay: (letter: KeptDeadLetter, through: string) => Promise<void>,
  ): Promise<Exclude<Lifted, 'waiting'>> {
    for (;;) {
      for (const letter of await this.waiting(conversation)) await replay(letter, conversation.parking);
      const lifted = await this.lift(conversation);
      if (lifted !== 'waiting') return lifted;
    }
  }

  /** Lets a conversation go on if nothing of it waits. */
  async lift(conversation: ParkedConversation): Promise<Lifted> {
    return this.parked.lift(conversation, async () => (await this.waiting(conversation)).length === 0);
  }

  /** The dead letters of a conversation that wait, in its own order: a replay that failed has come behind the others. */
  async waiting({ stream, key }: ParkedConversation): Promise<KeptDeadLetter[]> {
    const letters = await this.box.choose({ stream, key });
    const waiting = letters.filter(({ parking }) => parking !== undefined);
    return waiting.sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.number - b.number));
  }
}
