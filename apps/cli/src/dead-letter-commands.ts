import { type DeadLetterBox, type DeadLetterChoice, type KeptDeadLetter } from '@bridge/queue';
import { letterObject, letterTable } from './letter-table';
import type { OperatorAudit } from './operator-audit';

/** Where a command writes: results, and what it tells beside them. */
export interface Output {
  readonly result: (text: string) => void;
  readonly note: (text: string) => void;
}

/** `bridge dead-letters …`: what an operator does with what the bridge could not do. */
export class DeadLetterCommands {
  constructor(
    private readonly box: DeadLetterBox,
    private readonly audit: OperatorAudit,
    private readonly output: Output,
  ) {}

  async list(choice: DeadLetterChoice, asJson: boolean): Promise<void> {
    const letters = await this.chosen(choice);
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

  /** In the order in which they were given up, each after the one before: what belongs together stays in order. */
  async replay(choice: DeadLetterChoice, operator: string): Promise<void> {
    await this.each(choice, 'replayed', async (letter) => {
      await this.audit.around(letter, operator, 'dead letter replayed', () => this.box.replay(letter));
    });
  }

  async discard(choice: DeadLetterChoice, reason: string, operator: string): Promise<void> {
    await this.each(choice, 'discarded', async (letter) => {
      const why = `dead letter discarded: ${reason}`;
      await this.audit.around(letter, operator, why, () => this.box.discard(letter));
    });
  }

  /** All that were chosen at the beginning: what is given up again meanwhile is not taken up once more. */
  private async each(
    choice: DeadLetterChoice,
    done: string,
    act: (letter: KeptDeadLetter) => Promise<void>,
  ): Promise<void> {
    const letters = await this.chosen(choice);
    for (const number of choice.numbers ?? [])
      if (!letters.some((letter) => letter.number === number)) throw notThere(number);
    for (const letter of letters) {
      await act(letter);
      this.output.note(`${done} ${letter.number} ${letter.kind} ${letter.key ?? ''}`.trimEnd());
    }
    this.output.note(`${letters.length} ${done}`);
  }

  private async one(number: number): Promise<KeptDeadLetter> {
    const [letter] = await this.chosen({ numbers: [number] });
    if (!letter) throw notThere(number);
    return letter;
  }

  private async chosen(choice: DeadLetterChoice): Promise<KeptDeadLetter[]> {
    const letters: KeptDeadLetter[] = [];
    for await (const letter of this.box.choose(choice)) letters.push(letter);
    return letters;
  }
}

function notThere(number: number): Error {
  return new Error(`There is no dead letter ${number} (any more); \`list\` shows those there are.`);
}
