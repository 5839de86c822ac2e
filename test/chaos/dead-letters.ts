import { deadLetterStream, messageHeaders } from '@bridge/queue';
import { connect } from 'nats';

/** Dead letters of one class and kind. */
export interface DeadLetterGroup {
  readonly failureClass: string;
  readonly kind: string;
  readonly reason: string;
  readonly count: number;
}

/**
 * Messages that no worker is done with, in both work queues.
 * @param natsUrl of the server itself
 */
export async function readBacklog(natsUrl: string): Promise<number> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { streams } = await connection.jetstreamManager();
    const infos = await Promise.all(['MAPPING', 'ROOMS'].map((name) => streams.info(name)));
    return infos.reduce((sum, { state }) => sum + state.messages, 0);
  } finally {
    await connection.close();
  }
}

/** What the bridge gave up, the most frequent first. */
export async function readDeadLetters(natsUrl: string): Promise<DeadLetterGroup[]> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { streams } = await connection.jetstreamManager();
    const { state } = await streams.info(deadLetterStream);
    const groups = new Map<string, DeadLetterGroup>();
    for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq += 1) {
      const { subject, header } = await streams.getMessage(deadLetterStream, { seq });
      const kind = subject.split('.').slice(3).join('.');
      const failureClass = header.get(messageHeaders.failureClass);
      const name = `${failureClass} ${kind}`;
      const count = (groups.get(name)?.count ?? 0) + 1;
      groups.set(name, { failureClass, kind, reason: header.get(messageHeaders.reason), count });
    }
    return [...groups.values()].sort((one, other) => other.count - one.count);
  } finally {
    await connection.close();
  }
}
