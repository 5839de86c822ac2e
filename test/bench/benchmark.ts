import type { BenchServers } from './bench-servers';
import type { Figure } from './report/result';

/** What a benchmark is given. */
export interface Bench {
  /** Rounds that count, of each way that is compared. */
  readonly rounds: number;
  /** Events of the outage that is caught up with. */
  readonly events: number;
  /** Aborted when the run is interrupted: for benchmarks with servers of their own. */
  readonly signal: AbortSignal;
  /** The real servers and the bridge; started for the first benchmark that asks, and the same for all. */
  readonly servers: () => Promise<BenchServers>;
}

/** One thing that is measured. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  readonly run: (bench: Bench) => Promise<Figure[]>;
}
