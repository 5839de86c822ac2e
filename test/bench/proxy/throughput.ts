import { cpuMilliseconds } from '../cost/processes';
import { inLanes } from '../measure/lanes';
import { type Load, withPool } from './loads';
import type { ProxyServers, Way } from './proxy-servers';
import { download, upload } from './transfers';

/** What a way lets through. */
export interface Throughput {
  /** In a second, whatever the machine was busy with beside it. */
  readonly rate: number;
  /** In a second of CPU time of the proxy's own process: what one core would let through. 0 where there is no proxy. */
  readonly perCore: number;
}

const LANES = 32;
/** So many that the system's count of CPU time, in steps of 10 ms, is fine enough for the fastest. */
const REQUESTS = 20_000;
const FILES = 6;

/** Requests, 32 at a time. */
export async function requestsThrough(servers: ProxyServers, way: Way, load: Load): Promise<Throughput> {
  const calls = Array.from({ length: REQUESTS }, (_, index) => index);
  return withPool(servers.urls[way], LANES, (pool) =>
    through(servers, way, REQUESTS, () => inLanes(LANES, calls, () => load.call(pool))),
  );
}

/** Files one after the other, in MB. */
export async function filesThrough(
  servers: ProxyServers,
  way: Way,
  direction: 'up' | 'down',
): Promise<Throughput> {
  const transfer = direction === 'up' ? upload : download;
  let bytes = 0;
  const measured = await through(servers, way, 1, async () => {
    for (let file = 0; file < FILES; file++) bytes += await transfer(servers.urls[way]);
  });
  const megabytes = bytes / 1024 ** 2;
  return { rate: measured.rate * megabytes, perCore: measured.perCore * megabytes };
}

async function through(
  { pids }: ProxyServers,
  way: Way,
  count: number,
  work: () => Promise<void>,
): Promise<Throughput> {
  const used = (): number => (way === 'direct' ? 0 : cpuMilliseconds(pids[way]));
  const from = performance.now();
  const usedBefore = used();
  await work();
  const seconds = (performance.now() - from) / 1_000;
  const cpuSeconds = (used() - usedBefore) / 1_000;
  return { rate: count / seconds, perCore: way === 'direct' ? 0 : count / cpuSeconds };
}
