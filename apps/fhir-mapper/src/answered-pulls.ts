/** Up to where a pull has seen all that was queued, and the pull's own trace. */
interface Answer {
  readonly upTo: number;
  readonly traceparent: string | undefined;
}

/** Which pulls another one has answered already: whatever was queued before a pull began, that pull has seen. */
export class AnsweredPulls {
  private readonly all = new Map<string, Answer>();
  private readonly ofType = new Map<string, Map<string, Answer>>();

  /**
   * The pulls that have answered one already: none of them for a pull of no type; undefined where it is not answered.
   * @param types that the pull is about; not given: all
   * @param sequence its number in the queue
   */
  answersTo(
    source: string,
    types: readonly string[] | undefined,
    sequence: number,
  ): readonly Answer[] | undefined {
    const isAnswer = (answer: Answer | undefined): answer is Answer => sequence <= (answer?.upTo ?? 0);
    const ofAll = this.all.get(source);
    if (isAnswer(ofAll)) return [ofAll];
    const ofType = this.ofType.get(source);
    // A pull of every type is not answered by pulls of some, however many: which types there are is the reader's to know.
    const answers = types?.map((type) => ofType?.get(type));
    return answers?.every(isAnswer) ? answers : undefined;
  }

  /** Notes that a pull of these types (not given: all) has seen all that was queued up to this number. */
  note(source: string, types: readonly string[] | undefined, answer: Answer): void {
    if (!types) {
      this.all.set(source, later(answer, this.all.get(source)));
      return;
    }
    const ofType = this.ofType.get(source) ?? new Map<string, Answer>();
    this.ofType.set(source, ofType);
    for (const type of types) ofType.set(type, later(answer, ofType.get(type)));
  }
}

function later(answer: Answer, known: Answer | undefined): Answer {
  return known && known.upTo > answer.upTo ? known : answer;
}
