import { randomUUID } from 'node:crypto';
import { urlOf } from '../../../deploy/local/src/bridge';
import { until } from '../../../deploy/local/src/until';
import type { Bench, Benchmark } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import { madeMessage } from '../ingress/made-events';
import { TransactionClient } from '../ingress/transaction-client';
import { inLanes } from '../measure/lanes';
import { mediansOf, rateOf } from '../measure/rounds';
import type { Figure } from '../report/result';
import { BareServers } from './bare-servers';
import { latencyToFhir } from './latency';

const messages = 200;
const eventsPerTransaction = 100;

export const toFhir: Benchmark = {
  name: 'to-fhir',
  about: 'Matrix to FHIR: throughput of a burst, and what is added to one message',
  async run(bench: Bench): Promise<Figure[]> {
    return [await throughput(bench), ...(await latencyToFhir(bench))];
  },
};

/**
 * A burst in eight conversations: how many of it are in the record in a second, beside bare conditional POSTs of the
 * same. The transactions are made here: the homeserver says fewer in a second than the record takes, and would be
 * what is measured.
 */
async function throughput({ rounds, servers: start }: Bench): Promise<Figure> {
  const servers = await start();
  const { conversations, nurse, nurseReference } = await servers.care();
  const { environment } = servers.stack;
  const lanes = conversations.length;
  const bare = new BareServers(servers, lanes);
  const homeserver = new TransactionClient(urlOf('as-ingress', environment), environment.hsToken);
  const made = () =>
    Array.from({ length: messages / eventsPerTransaction }, () =>
      Array.from({ length: eventsPerTransaction }, (_, index) =>
        madeMessage(conversations[index % lanes]!.roomId, nurse.userId),
      ),
    );
  try {
    const { ours, limit } = await mediansOf(rounds, {
      ours: async () => {
        await servers.quiet();
        const before = await recorded(servers);
        const transactions = made();
        return rateOf(messages, async () => {
          await homeserver.send(transactions);
          const all = before + messages;
          await until('all in the record', async () => (await recorded(servers)) === all, 300_000);
        });
      },
      limit: async () => {
        await servers.quiet();
        const events = made().flat();
        return servers.withoutBridge(() =>
          rateOf(messages, () =>
            inLanes(lanes, events, (event, lane) =>
              bare.recordMessage(conversations[lane]!, nurseReference, event.event_id, randomUUID()),
            ),
          ),
        );
      },
    });
    return {
      name: 'Matrix → FHIR: throughput, beside bare conditional POSTs',
      unit: 'messages/s',
      ours,
      limit,
      goal: { kind: 'ratio at least', bound: 0.95 },
    };
  } finally {
    await Promise.all([bare.close(), homeserver.close()]);
  }
}

/** Messages that the FHIR server has answered. */
function recorded(servers: BenchServers): Promise<number> {
  return servers.count('message_link', `direction = 'to-fhir'`);
}
