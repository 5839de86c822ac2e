import { request } from 'undici';
import { z } from 'zod';
import type { QueueConfig } from './queue-config';

const answerWithinMs = 3_000;

/** What `/jsz?config=true` of a nats-server's monitoring port tells; `sync_always` is only there when it is set. */
const JetStreamStatus = z.object({ config: z.object({ sync_always: z.boolean().optional() }) });

/**
 * Why what the queue has confirmed could be lost with a machine, and how to mend it; empty: it cannot.
 * nats-server writes to disk every two minutes unless told otherwise, and NATS clients cannot see which: only its
 * monitoring port says so.
 */
export async function durabilityFlaws({
  replicas,
  monitoringUrls = [],
}: Pick<QueueConfig, 'replicas' | 'monitoringUrls'>): Promise<string[]> {
  const flaws = await Promise.all(monitoringUrls.map(flawOf));
  return [
    ...(replicas < 3 ? ['Each message is on one server only. Run three, and set NATS_REPLICAS=3.'] : []),
    ...(monitoringUrls.length === 0
      ? [
          'It is not known whether NATS writes to disk before it confirms. Set NATS_MONITORING_URLS, and `sync_interval: always` in its configuration.',
        ]
      : flaws.filter((flaw) => flaw !== undefined)),
  ];
}

async function flawOf(url: string): Promise<string | undefined> {
  const { host } = new URL(url);
  try {
    const { statusCode, body } = await request(`${url}/jsz?config=true`, {
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
    });
    const answer = await body.json();
    if (statusCode !== 200) return silent(host);
    return JetStreamStatus.parse(answer).config.sync_always
      ? undefined
      : `NATS at ${host} confirms messages that it has not written to disk. Set \`sync_interval: always\` in its jetstream configuration.`;
  } catch {
    return silent(host);
  }
}

function silent(host: string): string {
  return `The monitoring port of NATS at ${host} does not tell how JetStream is configured. Correct NATS_MONITORING_URLS, or open the port.`;
}
