import type { Bench, Benchmark } from '../benchmark';
import { median } from '../measure/statistics';
import type { Figure } from '../report/result';
import { latencyAt } from './arrivals';
import { mediansOfEach } from './in-rounds';
import { type Load, send, syncAtOnce, syncLater, withPool } from './loads';
import { addedByFiles, whileWaiting } from './memory';
import { type ProxyServers, type Way, startProxyServers, ways } from './proxy-servers';
import { type Throughput, filesThrough, requestsThrough } from './throughput';

const RATE = 500;
const SECONDS = 4;
/** More than are ever under way at once. */
const CONNECTIONS = 1_000;
const ADDED_MS = 2;
const CLIENTS = 2_000;
const FILES = 5;
const GROWTH_MEGABYTES = 64;

export const proxy: Benchmark = {
  name: 'proxy',
  about: 'what the messenger proxy adds to requests, lets through, and takes of memory, beside nginx',
  async run({ rounds }: Bench): Promise<Figure[]> {
    const servers = await startProxyServers();
    try {
      const figures: Figure[] = [];
      // First what makes all of it warm: a process that runs for days is not measured in its first seconds.
      for (const load of [syncAtOnce, send]) figures.push(...(await requests(servers, load, rounds)));
      for (const load of [syncAtOnce, syncLater, send]) figures.push(...(await added(servers, load, rounds)));
      for (const direction of ['up', 'down'] as const)
        figures.push(...(await files(servers, direction, rounds)));
      return [...figures, ...(await waiting(servers, rounds)), await fileMemory(servers, rounds)];
    } finally {
      await servers.stop();
    }
  },
};

function measureLatency({ urls }: ProxyServers, way: Way, load: Load): Promise<{ p50: number; p99: number }> {
  return withPool(urls[way], CONNECTIONS, (pool) => latencyAt(RATE, SECONDS, () => load.call(pool)));
}

async function added(servers: ProxyServers, load: Load, rounds: number): Promise<Figure[]> {
  const { ours, direct, nginx } = await mediansOfEach(rounds, ways, async (way) => ({
    ...(await measureLatency(servers, way, load)),
  }));
  const name = `proxy: ${load.name}, ${RATE}/s`;
  return [
    { name: `${name}, p50`, unit: 'ms', ours: ours.p50, limit: direct.p50, peers: { nginx: nginx.p50 } },
    {
      name: `${name}, p99`,
      unit: 'ms',
      ours: ours.p99,
      limit: direct.p99,
      peers: { nginx: nginx.p99 },
      goal: { kind: 'added at most', bound: ADDED_MS },
    },
  ];
}

async function requests(servers: ProxyServers, load: Load, rounds: number): Promise<Figure[]> {
  const measured = await mediansOfEach(rounds, ways, async (way) => ({
    ...(await requestsThrough(servers, way, load)),
  }));
  return throughputFigures(`proxy: ${load.name}, 32 at a time`, 'requests/s', measured);
}

async function files(servers: ProxyServers, direction: 'up' | 'down', rounds: number): Promise<Figure[]> {
  const measured = await mediansOfEach(rounds, ways, async (way) => ({
    ...(await filesThrough(servers, way, direction)),
  }));
  return throughputFigures(`proxy: 100 MB ${direction}`, 'MB/s', measured);
}

function throughputFigures(
  name: string,
  unit: string,
  { ours, direct, nginx }: Record<Way, Throughput>,
): Figure[] {
  return [
    { name, unit, ours: ours.rate, limit: direct.rate, peers: { nginx: nginx.rate } },
    {
      name: `${name}, for each core of the proxy, beside nginx`,
      unit,
      ours: ours.perCore,
      limit: nginx.perCore,
      goal: { kind: 'ratio at least', bound: 0.5 },
    },
  ];
}

async function waiting(servers: ProxyServers, rounds: number): Promise<Figure[]> {
  const both = ['direct', 'ours'] as const;
  const { added: megabytes, result } = await whileWaiting(servers, CLIENTS, () =>
    mediansOfEach(rounds, both, async (way) => ({ ...(await measureLatency(servers, way, syncAtOnce)) })),
  );
  return [
    {
      name: `proxy: ${syncAtOnce.name}, ${RATE}/s, while 2,000 others wait, p99`,
      unit: 'ms',
      ours: result.ours.p99,
      limit: result.direct.p99,
      goal: { kind: 'added at most', bound: ADDED_MS },
    },
    memoryFigure('proxy: resident memory that 2,000 waiting clients add', megabytes),
  ];
}

async function fileMemory(servers: ProxyServers, rounds: number): Promise<Figure> {
  const megabytes: number[] = [];
  for (let round = 0; round < rounds; round++) megabytes.push(await addedByFiles(servers, FILES));
  return memoryFigure(
    `proxy: resident memory that ${FILES} files of 100 MB up and ${FILES} down at once add`,
    median(megabytes),
  );
}

function memoryFigure(name: string, megabytes: number): Figure {
  return {
    name,
    unit: 'MB',
    ours: megabytes,
    limit: GROWTH_MEGABYTES,
    goal: { kind: 'at most the limit' },
  };
}
