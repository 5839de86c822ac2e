import type { ParkedConversation } from '@bridge/contracts';
import type { Lifted, ParkedConversationStore } from '@bridge/persistence';
import type { DeadLetterBox, DeadLetterChoice, KeptDeadLetter } from '@bridge/queue';
import { letterObject, letterTable, parkedTable } from './letter-table';
import type { OperatorAudit } from './operator-audit';
import type { ParkedReplay } from './parked-replay';

/** Where a command writes: results, and what it tells beside them. */
export interface Output {
  readonly result: (text: string) => void;
  readonly note: (text: string) => void;
}

/** What is told of a conversation that was parked. */
const becameOf: Readonly<Record<Lifted, string>> = {
  lifted: 'goes on',
  waiting: 'is parked still: `replay --key` has done what waits of it',
  replaced: 'is parked again: see `list`',
};

/** `bridge dead-letters …`: what an operator does with what the bridge could not do. */
export class DeadLetterCommands {
  constructor(
    private readonly box: DeadLetterBox,
    private readonly store: ParkedConversationStore,
    private readonly parkedReplay: ParkedReplay,
    private readonly audit: OperatorAudit,
    private readonly output: Output,
  ) {}

  async list(choice: DeadLetterChoice, asJson: boolean): Promise<void> {
    const letters = await this.box.choose(choice);
    if (asJson) return letters.forEach((letter) => this.output.result(JSON.stringify(letterObject(letter))));
    if (letters.length > 0) this.output.result(letterTable(letters));
    this.output.note(`${letters.length} dead letters`);
  }

  /** @param withContent also what it says, which may be about a patient: that somebody looked is told in the audit */
  async show(number: number, withContent: boolean, operator: string): Promise<void> {
    const letter = await this.one(number);
    const tell = async (): Promise<void> =>
      this.output.result(JSON.stringify(letterObject(letter, withContent), undefined, 2));
    await (withContent ? this.audit.around(letter, operator, 'dead letter read', tell) : tell());
  }

  /**
   * In the order in which they were given up, each after the one before: what belongs together stays in order. One of a
   * parked conversation stands for all of it, in the conversation's own order.
   */
  async replay(choice: DeadLetterChoice, operator: string): Promise<void> {
    const letters = await this.all(choice);
    const conversations = await this.parkedAmong(letters);
    let replayed = 0;
    const replay = async (letter: KeptDeadLetter, through?: string): Promise<void> => {
      await this.audit.around(letter, operator, 'dead letter replayed', () =>
        this.box.replay(letter, through),
      );
      this.tell('replayed', letter);
      replayed += 1;
    };
    for (const letter of letters)
      if (!conversations.some((parked) => waitsIn(letter, parked))) await replay(letter);
    for (const parked of conversations) {
      const lifted = await this.parkedReplay.replay(parked, replay);
      this.output.note(`${parked.key} ${becameOf[lifted]}`);
    }
    this.output.note(`${replayed} replayed`);
  }

  async discard(choice: DeadLetterChoice, reason: string, operator: string): Promise<void> {
    const letters = await this.all(choice);
    const conversations = await this.parkedAmong(letters);
    const why = `dead letter discarded: ${reason}`;
    for (const letter of letters) {
      await this.audit.around(letter, operator, why, () => this.box.discard(letter));
      this.tell('discarded', letter);
    }
    for (const parked of conversations) {
      const lifted = await this.parkedReplay.lift(parked);
      this.output.note(`${parked.key} ${becameOf[lifted]}`);
    }
    this.output.note(`${letters.length} discarded`);
  }

  /** The conversations that wait, those that wait longest first. */
  async parked(asJson: boolean): Promise<void> {
    const conversations = await this.store.list();
    const rows = [];
    for (const each of conversations)
      rows.push({ ...each, waiting: (await this.parkedReplay.waiting(each)).length });
    if (asJson) return rows.forEach((row) => this.output.result(JSON.stringify(row)));
    if (rows.length > 0) this.output.result(parkedTable(rows));
    this.output.note(`${rows.length} conversations are parked`);
  }

  private tell(done: string, { number, kind, key }: KeptDeadLetter): void {
    this.output.note(`${done} ${number} ${kind} ${key ?? ''}`.trimEnd());
  }

  /** All that are chosen at the beginning: what is given up again meanwhile is not taken up once more. */
  private async all(choice: DeadLetterChoice): Promise<KeptDeadLetter[]> {
    const letters = await this.box.choose(choice);
    for (const number of choice.numbers ?? [])
      if (!letters.some((letter) => letter.number === number)) throw notThere(number);
    return letters;
  }

  private async parkedAmong(letters: readonly KeptDeadLetter[]): Promise<ParkedConversation[]> {
    const conversations = await this.store.list();
    return conversations.filter((parked) => letters.some((letter) => waitsIn(letter, parked)));
  }

  private async one(number: number): Promise<KeptDeadLetter> {
    const [letter] = await this.box.choose({ numbers: [number] });
    if (!letter) throw notThere(number);
    return letter;
  }
}

function notThere(number: number): Error {
  return new Error(`There is no dead letter ${number} (any more); \`list\` shows those there are.`);
}

function waitsIn(letter: KeptDeadLetter, { stream, key }: ParkedConversation): boolean {
  return letter.parking !== undefined && letter.stream === stream && letter.key === key;
}
