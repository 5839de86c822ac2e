import { connect, type NatsConnection } from 'nats';
import { deadLetterStream } from '@bridge/queue';

/** One message as it passed, without its payload. */
export interface Passed {
  readonly subject: string;
  /** Its headers, one line each. */
  readonly headers: readonly string[];
}

/** Sees every message that passes a NATS server from its start on: subjects and headers of the queue, and its answers. */
export class QueueTraffic {
  readonly passed: Passed[] = [];
  /** Payloads of the work queues, which may hold what people say. */
  readonly payloads: string[] = [];

  private constructor(private readonly connection: NatsConnection) {}

  static async watch(natsUrl: string): Promise<QueueTraffic> {
    const traffic = new QueueTraffic(await connect({ servers: natsUrl }));
    traffic.connection.subscribe('>', {
      callback: (_error, message) => {
        const headers = message.headers;
        traffic.passed.push({
          subject: message.subject,
          headers: (headers?.keys() ?? []).map((name) => `${name}: ${headers?.values(name).join(', ')}`),
        });
        if (/^(?:mapping|rooms)\./.test(message.subject)) traffic.payloads.push(message.string());
      },
    });
    await traffic.connection.flush();
    return traffic;
  }

  async stop(): Promise<void> {
    await this.connection.close();
  }
}

/** The dead letters as they are listed: subject and headers; and what they hold, for whoever opens one. */
export async function deadLetters(
  natsUrl: string,
): Promise<{ readonly listing: string[]; readonly payloads: string[] }> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { streams } = await connection.jetstreamManager();
    const { state } = await streams.info(deadLetterStream);
    const listing: string[] = [];
    const payloads: string[] = [];
    for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
      const { subject, header, data } = await streams.getMessage(deadLetterStream, { seq });
      const headers = [...header].map(([name, values]) => `${name}: ${values.join(', ')}`);
      listing.push([subject, ...headers].join('\n'));
      payloads.push(Buffer.from(data).toString('utf8'));
    }
    return { listing, payloads };
  } finally {
    await connection.close();
  }
}
