import { until } from '../../../deploy/local/src/until';
import { QueueFiller } from '../../scale/queue-filler';
import { defaultPartitions, type ScaleServers } from '../../scale/scale-servers';
import type { Benchmark } from '../benchmark';
import { inTurn } from '../measure/in-turn';
import type { Figure } from '../report/result';
import { CpuShare } from './cpu-share';
import { type DrainedWork, drainedWorks } from './drained-work';
import { onScaleServers } from './on-scale-servers';

const counts = [1, 2, 4, 8];
/** Of one core for each replica: what eight take beside the servers is less than this machine's two. */
const share = 0.15;
const answerMs = 50;
/** Messages of each replica until it is warm: with fewer, the replicas of a larger number are measured colder. */
const warming = 250;
/** Messages that are measured, of each replica: those between a quarter and three quarters of them count. */
const measured = 250;
const conversations = 500;
const size = { conversations, crowd: { members: 4, messages: 0 } };
const withinMs = 300_000;

export const replicas: Benchmark = {
  name: 'replicas',
  about:
    'throughput of 1, 2, 4 and 8 replicas with a seventh of a core each, beside servers that answer after 50 ms',
  run: ({ signal }) =>
    onScaleServers({ signal, size, answerMs }, async (servers) => {
      const figures = await inTurn(drainedWorks, (work) => figuresOf(servers, work));
      return figures.flat();
    }),
};

async function figuresOf(servers: ScaleServers, work: DrainedWork): Promise<Figure[]> {
  const replicator = new Replicator(servers, work);
  const rates = await inTurn(counts, (count) => replicator.rateOf(count));
  const [alone = 0] = rates;
  return rates.map((rate, index) => ({
    name: `${work.app}, replicas: ${counts[index]}`,
    unit: 'msg/s',
    ours: rate,
    limit: alone * counts[index]!,
    goal: { kind: 'ratio at least', bound: 0.9 },
  }));
}

class Replicator {
  private readonly filler: QueueFiller;
  private from = 0;

  constructor(
    private readonly servers: ScaleServers,
    private readonly work: DrainedWork,
  ) {
    this.filler = new QueueFiller(servers.nats, defaultPartitions);
  }

  /** Messages a second that so many replicas work off, once they are warm. */
  async rateOf(count: number): Promise<number> {
    const names = Array.from({ length: count }, (_, index) => `${this.work.app} ${count}-${index + 1}`);
    const workers = await Promise.all(names.map((name) => this.servers.replica(this.work.app, name)));
    const shares: CpuShare[] = [];
    try {
      for (const { process } of workers) {
        await process.start();
        shares.push(await CpuShare.of(process.pid!, share));
      }
      await this.fill(warming * count);
      await this.drained();
      return await this.measure(measured * count);
    } finally {
      await Promise.all(workers.map(({ process }) => process.stop(120_000)));
      for (const each of shares) await each.remove();
    }
  }

  /** Between a quarter and three quarters of them: what began together is done by then, and all partitions have more. */
  private async measure(messages: number): Promise<number> {
    const before = await this.work.arrived(this.servers);
    const reached = async (part: number): Promise<{ arrived: number; atMs: number }> =>
      until(
        `${part} of the messages`,
        async () => {
          const arrived = await this.work.arrived(this.servers);
          return arrived - before >= part * messages && { arrived, atMs: performance.now() };
        },
        withinMs,
      );
    await this.fill(messages);
    const [first, last] = [await reached(0.25), await reached(0.75)];
    await this.drained();
    return (last.arrived - first.arrived) / ((last.atMs - first.atMs) / 1000);
  }

  private async fill(messages: number): Promise<void> {
    const each = Math.ceil(messages / conversations);
    // Fewer conversations rather than another number of messages.
    await this.work.fill(this.filler, { conversations: Math.ceil(messages / each), each, from: this.from });
    this.from += each;
  }

  private async drained(): Promise<void> {
    const { stream } = this.work;
    await until('an empty queue', async () => (await this.servers.backlog(stream)) === 0, withinMs);
  }
}
