import type { QueueFiller } from '../../scale/queue-filler';
import { toBeRecorded, toBeSaid } from '../../scale/made-messages';
import type { ScaleServers, WorkerApp } from '../../scale/scale-servers';

/** What a worker is measured by: one kind of message, where it waits, and where it arrives. */
export interface DrainedWork {
  readonly app: WorkerApp;
  readonly stream: 'MAPPING' | 'ROOMS';
  readonly fill: (filler: QueueFiller, filling: Parameters<QueueFiller['fill']>[1]) => Promise<void>;
  /** Messages that have arrived so far. */
  readonly arrived: (servers: ScaleServers) => Promise<number>;
}

/** Each worker with the message that it has most of. */
export const drainedWorks: readonly DrainedWork[] = [
  {
    app: 'room-manager',
    stream: 'ROOMS',
    fill: (filler, filling) => filler.fill(toBeSaid, filling),
    arrived: async (servers) => (await servers.seenInMatrix()).arrived,
  },
  {
    app: 'fhir-mapper',
    stream: 'MAPPING',
    fill: (filler, filling) => filler.fill(toBeRecorded, filling),
    arrived: async (servers) => (await servers.seenInRecord()).arrived,
  },
];
