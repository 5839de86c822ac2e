import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../../deploy/local/src/until';
import { QueueFiller } from '../../scale/queue-filler';
import { defaultPartitions, type ScaleServers } from '../../scale/scale-servers';
import type { Benchmark } from '../benchmark';
import { residentMegabytes } from '../cost/processes';
import { inTurn } from '../measure/in-turn';
import type { Figure } from '../report/result';
import { type DrainedWork, drainedWorks } from './drained-work';
import { onScaleServers } from './on-scale-servers';

const sizes = [10_000, 100_000, 1_000_000];
const conversations = 5_000;
const size = { conversations, crowd: { members: 4, messages: 0 } };
/** Messages until a worker is warm, and how long it is then watched. */
const warming = 500;
const watchedMs = 30_000;
const mostMegabytes = 250;

interface Drain {
  /** Messages a second. */
  readonly rate: number;
  /** The most resident memory of the worker, in MB. */
  readonly megabytes: number;
}

export const backlog: Benchmark = {
  name: 'backlog',
  about: 'throughput and memory of a worker that 10,000, 100,000 and 1,000,000 messages wait for',
  run: ({ signal }) =>
    onScaleServers({ signal, size, answerMs: 0 }, async (servers) => {
      const figures = await inTurn(drainedWorks, (work) => figuresOf(servers, work));
      return figures.flat();
    }),
};

async function figuresOf(servers: ScaleServers, work: DrainedWork): Promise<Figure[]> {
  const filler = new QueueFiller(servers.nats, defaultPartitions);
  let from = 0;
  const drains = await inTurn(sizes, async (messages) => {
    const each = messages / conversations;
    await work.fill(filler, { conversations, each, from });
    from += each;
    return drain(servers, work, messages);
  });
  const [least] = drains as [Drain];
  return drains.flatMap(({ rate, megabytes }, index): Figure[] => {
    const waiting = `${work.app}, ${sizes[index]!.toLocaleString('en')} waiting`;
    return [
      {
        name: `${waiting}: drain`,
        unit: 'msg/s',
        ours: rate,
        limit: least.rate,
        goal: { kind: 'ratio at least', bound: 0.85 },
      },
      {
        name: `${waiting}: most resident memory, beside that with 10,000`,
        unit: 'MB',
        ours: megabytes,
        limit: least.megabytes,
        goal: { kind: 'ratio at most', bound: 1.1 },
      },
      {
        name: `${waiting}: most resident memory`,
        unit: 'MB',
        ours: megabytes,
        limit: mostMegabytes,
        goal: { kind: 'at most the limit' },
      },
    ];
  });
}

/** Watches a fresh worker for a while; what it has not done by then is thrown away. */
async function drain(servers: ScaleServers, work: DrainedWork, waiting: number): Promise<Drain> {
  const { process } = await servers.replica(work.app, `${work.app} ${waiting}`);
  try {
    const before = await work.arrived(servers);
    await process.start();
    const warm = await until('a warm worker', async () => {
      const arrived = await work.arrived(servers);
      return arrived - before >= warming && { arrived, atMs: performance.now() };
    });
    await wait(watchedMs);
    const seconds = (performance.now() - warm.atMs) / 1000;
    const arrived = await work.arrived(servers);
    if ((await servers.backlog(work.stream)) === 0) throw new Error('It was done before it was measured');
    return { rate: (arrived - warm.arrived) / seconds, megabytes: residentMegabytes(process.pid!).most };
  } finally {
    await process.stop();
    await servers.queue.streams.purge(work.stream);
  }
}
