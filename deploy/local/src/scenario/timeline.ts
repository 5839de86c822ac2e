/** One line of what happened. */
export interface TimelineEntry {
  /** Milliseconds since the scenario began. */
  readonly atMs: number;
  readonly who: string;
  /** "FHIR", or an organisation whose homeserver it is about. */
  readonly where: string;
  readonly what: string;
  readonly fhir?: string;
  readonly event?: string;
  /** From the cause on the other side to here. */
  readonly latencyMs?: number;
}

/** What happened, in order; every entry is also told at once. */
export class Timeline {
  readonly entries: TimelineEntry[] = [];
  private readonly begin = performance.now();

  constructor(private readonly tell: (entry: TimelineEntry) => void = () => undefined) {}

  add(entry: Omit<TimelineEntry, 'atMs'>): void {
    const full = { atMs: performance.now() - this.begin, ...entry };
    this.entries.push(full);
    this.tell(full);
  }
}
