import { Metrics } from '@bridge/platform';
import { tellParkedConversations } from './parked-metrics';

/* Faults of the database. With the real one: test/observability/backlog-metrics.e2e-spec.ts. */

/** The lines of one reading, with another metric beside them. */
async function read(metrics: Metrics): Promise<string[]> {
  const lines = (await metrics.registry.metrics()).split('\n');
  return lines.filter((line) => /^(bridge_parked_conversations|bridge_other_total)/.test(line));
}

it('the numbers are absent, and other metrics are not, while the database says nothing or refuses', async () => {
  const metrics = new Metrics();
  metrics.counter('bridge_other_total', 'Another.').inc();
  let count: () => Promise<number> = async () => 2;
  tellParkedConversations({ count: () => count() }, metrics);
  const known = [
    'bridge_parked_conversations{stream="MAPPING"} 2',
    'bridge_parked_conversations{stream="ROOMS"} 2',
  ];
  expect((await read(metrics)).sort()).toEqual(['bridge_other_total 1', ...known]);

  count = () => Promise.reject(new Error('away'));
  expect(await read(metrics)).toEqual(['bridge_other_total 1']);

  count = () => new Promise(() => undefined);
  const from = performance.now();
  expect(await read(metrics)).toEqual(['bridge_other_total 1']);
  expect(performance.now() - from).toBeLessThan(2_000);

  count = async () => 2;
  expect((await read(metrics)).sort()).toEqual(['bridge_other_total 1', ...known]);
});
