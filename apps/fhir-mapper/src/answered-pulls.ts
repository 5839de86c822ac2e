/** Which pulls another one has answered already: whatever was queued before a pull began, that pull has seen. */
export class AnsweredPulls {
  private readonly all = new Map<string, number>();
  private readonly ofType = new Map<string, Map<string, number>>();

  /**
   * @param types that the pull is about; not given: all
   * @param sequence its number in the queue
   */
  has(source: string, types: readonly string[] | undefined, sequence: number): boolean {
    const upTo = this.all.get(source) ?? 0;
    if (sequence <= upTo) return true;
    const ofType = this.ofType.get(source);
    // A pull of every type is not answered by pulls of some, however many: which types there are is the reader's to know.
    return types?.every((type) => sequence <= (ofType?.get(type) ?? 0)) ?? false;
  }

  /** Notes that a pull of these types (not given: all) has seen all that was queued up to this number. */
  note(source: string, types: readonly string[] | undefined, upTo: number): void {
    if (!types) {
      this.all.set(source, Math.max(upTo, this.all.get(source) ?? 0));
      return;
    }
    const ofType = this.ofType.get(source) ?? new Map<string, number>();
    this.ofType.set(source, ofType);
    for (const type of types) ofType.set(type, Math.max(upTo, ofType.get(type) ?? 0));
  }
}
