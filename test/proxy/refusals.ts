import { ProxyMetrics } from '../../apps/messenger-proxy/src/proxy-metrics';
import type { Party } from './proxied-federation';

export type Direction = 'inbound' | 'outbound';

/**
 * What a proxy refuses while something is done, by rule. It counts a refusal before it answers: an answer without one is
 * the homeserver's, whatever its status.
 */
export async function refusedDuring<T>(
  { proxy }: Pick<Party, 'proxy'>,
  direction: Direction,
  work: () => Promise<T>,
): Promise<{ result: T; rules: string[] }> {
  if (!proxy) throw new Error('No proxy stands before this homeserver');
  const { refusals } = proxy.get(ProxyMetrics);
  const counts = async (): Promise<Map<string, number>> => {
    const { values } = await refusals.get();
    const own = values.filter(({ labels }) => labels.direction === direction);
    return new Map(own.map(({ labels, value }) => [String(labels.rule), value]));
  };
  const before = await counts();
  const result = await work();
  const after = [...(await counts())];
  const rules = after.flatMap(([rule, count]) =>
    Array.from({ length: count - (before.get(rule) ?? 0) }, () => rule),
  );
  return { result, rules };
}
