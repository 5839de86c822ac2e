/** What arrived of the numbered messages `<conversation> <number>`, and whether in their order. */
export interface Seen {
  /** Messages that arrived, each counted once. */
  readonly arrived: number;
  /** Arrivals of a message that had arrived before. */
  readonly repeated: number;
  /** Messages that came after a later one of their conversation. */
  readonly disordered: number;
}

/** Keeps the latest number of each conversation and no more, so that a long run takes no memory. */
export class NumbersSeen {
  private readonly latest = new Map<string, number>();
  private arrived = 0;
  private repeated = 0;
  private disordered = 0;

  /** @param text `<conversation> <number>`; anything else is none of the messages and not counted */
  note(text: string, isRepetition: boolean): void {
    const [, conversation, digits] = /^(\S+) (\d+)$/.exec(text) ?? [];
    if (conversation === undefined) return;
    if (isRepetition) {
      this.repeated += 1;
      return;
    }
    const number = Number(digits);
    this.arrived += 1;
    if (number <= (this.latest.get(conversation) ?? -1)) this.disordered += 1;
    else this.latest.set(conversation, number);
  }

  get seen(): Seen {
    return { arrived: this.arrived, repeated: this.repeated, disordered: this.disordered };
  }
}
