import { randomUUID } from 'node:crypto';
import { until } from '../../../deploy/local/src/until';
import type { Bench, Benchmark } from '../benchmark';
import type { BenchServers } from '../bench-servers';
import { inLanes } from '../measure/lanes';
import { mediansOf, rateOf } from '../measure/rounds';
import type { Figure } from '../report/result';
import { BareServers, writtenIn } from './bare-servers';
import { latencyToMatrix } from './latency';

const messages = 160;

export const toMatrix: Benchmark = {
  name: 'to-matrix',
  about: 'FHIR to Matrix: throughput of a burst, and what is added to one message',
  async run(bench: Bench): Promise<Figure[]> {
    return [await throughput(bench), ...(await latencyToMatrix(bench))];
  },
};

/** A burst in eight conversations: how many of it are in Matrix in a second, beside bare PUTs of the same. */
async function throughput({ rounds, servers: start }: Bench): Promise<Figure> {
  const servers = await start();
  const { conversations } = await servers.care();
  const lanes = conversations.length;
  const bare = new BareServers(servers, lanes);
  const bodies = Array.from({ length: messages }, () => `She has slept well. ${randomUUID()}`);
  try {
    const { ours, limit } = await mediansOf(rounds, {
      ours: async () => {
        await servers.quiet();
        const said = await saidInMatrix(servers);
        return rateOf(messages, async () => {
          await inLanes(lanes, bodies, (body, lane) => {
            const conversation = conversations[lane]!;
            return servers.fhir.create(writtenIn(conversation, conversation.carer, body));
          });
          const all = said + messages;
          await until('all in Matrix', async () => (await saidInMatrix(servers)) === all, 300_000);
        });
      },
      limit: async () => {
        await servers.quiet();
        return servers.withoutBridge(() =>
          rateOf(messages, () =>
            inLanes(lanes, bodies, (body, lane) => bare.say(conversations[lane]!, body)),
          ),
        );
      },
    });
    return {
      name: 'FHIR → Matrix: throughput, beside bare PUTs',
      unit: 'messages/s',
      ours,
      limit,
      goal: { kind: 'ratio at least', bound: 0.95 },
    };
  } finally {
    await bare.close();
  }
}

/** Messages that the homeserver has answered. */
function saidInMatrix(servers: BenchServers): Promise<number> {
  return servers.count('message_link', `direction = 'to-matrix' AND event_id IS NOT NULL`);
}
