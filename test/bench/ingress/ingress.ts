import type { Bench, Benchmark } from '../benchmark';
import { mediansOf, rateOf } from '../measure/rounds';
import type { Figure } from '../report/result';
import { type IngressServers, startIngressServers } from './ingress-servers';
import { type MadeEvent, madeMessage } from './made-events';
import { RawPublisher } from './raw-publisher';
import { TransactionClient } from './transaction-client';

/** How a round's events come: so many transactions of so many events, in so many rooms. */
interface Shape {
  readonly name: string;
  readonly transactions: number;
  readonly events: number;
  readonly rooms: number;
}

const serial: Shape = { name: 'one event a transaction', transactions: 500, events: 1, rooms: 10 };
const batches: readonly Shape[] = [
  { name: '100 events a transaction, of 10 rooms', transactions: 20, events: 100, rooms: 10 },
  { name: '100 events a transaction, of one room', transactions: 20, events: 100, rooms: 1 },
];

export const ingress: Benchmark = {
  name: 'ingress',
  about: 'how fast as-ingress acknowledges transactions, all of them stored on disk',
  async run({ rounds }: Bench): Promise<Figure[]> {
    const servers = await startIngressServers();
    try {
      const figures = [...serialFigures(await measure(servers, serial, rounds))];
      for (const shape of batches) figures.push(batchFigure(shape, await measure(servers, shape, rounds)));
      return figures;
    } finally {
      await servers.stop();
    }
  },
};

type Rates = Record<'ours' | 'raw' | 'matrix-bot-sdk' | 'matrix-appservice', number>;

/** Events a second. */
async function measure(servers: IngressServers, shape: Shape, rounds: number): Promise<Rates> {
  const { hsToken, bridgeUrl, peerUrls, natsUrl } = servers;
  const raw = await RawPublisher.connect(natsUrl);
  const clients = new Map(
    Object.entries({ ours: bridgeUrl, ...peerUrls }).map(([name, url]) => [
      name,
      new TransactionClient(url, hsToken),
    ]),
  );
  const count = shape.transactions * shape.events;
  const sending = (name: string) => async (): Promise<number> => {
    const made = transactionsOf(shape);
    return rateOf(count, () => clients.get(name)!.send(made));
  };
  /** What is not stored was not fast. */
  const stored = async (work: () => Promise<number>): Promise<number> => {
    await raw.emptyQueue();
    const rate = await work();
    const held = await raw.emptyQueue();
    if (held !== count) throw new Error(`${held} of ${count} events are on the queue`);
    return rate;
  };
  try {
    return await mediansOf(rounds, {
      ours: () => stored(sending('ours')),
      raw: () =>
        stored(() => {
          const made = transactionsOf(shape);
          return rateOf(count, () => raw.publish(made));
        }),
      'matrix-bot-sdk': sending('matrix-bot-sdk'),
      'matrix-appservice': sending('matrix-appservice'),
    });
  } finally {
    await Promise.all([raw.close(), ...[...clients.values()].map((client) => client.close())]);
  }
}

function serialFigures({ ours, raw, ...peers }: Rates): Figure[] {
  const name = `ingress: ${serial.name}`;
  const unit = 'events/s';
  return [
    { name: `${name}, beside raw JetStream`, unit, ours, limit: raw },
    {
      name: `${name}, beside the faster peer`,
      unit,
      ours,
      limit: Math.max(...Object.values(peers)),
      peers,
      goal: { kind: 'ratio at least', bound: 1 },
    },
  ];
}

function batchFigure({ name }: Shape, { ours, raw, ...peers }: Rates): Figure {
  return {
    name: `ingress: ${name}`,
    unit: 'events/s',
    ours,
    limit: raw,
    peers,
    goal: { kind: 'ratio at least', bound: 0.8 },
  };
}

function transactionsOf({ transactions, events, rooms }: Shape): MadeEvent[][] {
  let room = 0;
  const message = (): MadeEvent => madeMessage(`!room${room++ % rooms}:care.example`, '@gp:care.example');
  return Array.from({ length: transactions }, () => Array.from({ length: events }, message));
}
