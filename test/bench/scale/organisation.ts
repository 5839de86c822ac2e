import { bridgedAtOnce, WorkingOrganisation } from '../../scale/working-organisation';
import type { Bench, Benchmark } from '../benchmark';
import { inTurn } from '../measure/in-turn';
import { millisecondsOf } from '../measure/rounds';
import { median } from '../measure/statistics';
import { onPostgres } from './on-scale-servers';

const sizes = [100, 100_000];
const crowd = { members: 4, messages: 0 };

export const organisation: Benchmark = {
  name: 'organisation',
  about: 'time of a message in an organisation with 100 conversations, and in one with 100,000',
  async run({ rounds, signal }: Bench) {
    const [small = 0, large = 0] = await inTurn(sizes, (conversations) =>
      timeAmong(conversations, rounds, signal),
    );
    return [
      {
        name: 'a message each way among 100,000 conversations, beside 100',
        unit: 'ms',
        ours: large,
        limit: small,
        goal: { kind: 'ratio at most', bound: 1.15 },
      },
    ];
  },
};

/** Milliseconds that a message from Matrix and one from FHIR take together, from the queue until both queues are empty. */
async function timeAmong(conversations: number, rounds: number, signal: AbortSignal): Promise<number> {
  const spread = Array.from({ length: bridgedAtOnce }, (_, index) =>
    Math.max(1, Math.floor(((index + 1) * conversations) / bridgedAtOnce)),
  );
  return onPostgres(signal, async (databaseUrl) => {
    const working = await WorkingOrganisation.start(databaseUrl, { conversations, crowd });
    try {
      // The first warms up.
      const times = await inTurn(Array(rounds + 1).fill(spread), (each: readonly number[]) =>
        millisecondsOf(() => working.bridge(each)),
      );
      return median(times.slice(1)) / bridgedAtOnce;
    } finally {
      await working.stop();
    }
  });
}
