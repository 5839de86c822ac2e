import { randomUUID } from 'node:crypto';
import { Metrics } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AsIngressConfig } from '../../apps/as-ingress/src/app.module';
import { startAsIngress } from '../../apps/as-ingress/src/start-as-ingress';
import { FakeHomeserver } from './fake-homeserver';
import { httpRequest, type HttpAnswer, type HttpCall } from './http-request';
import { InspectedQueue } from './inspected-queue';
import { queueSettings } from './queue-settings';

export const hsToken = 'hs-token-'.padEnd(40, 'x');
export const previousHsToken = 'previous-hs-token-'.padEnd(40, 'z');
export const asToken = 'as-token-'.padEnd(40, 'y');
export const basePath = '/_matrix/app/v1';

/** as-ingress in this process, with a queue of its own, the shared database, and a fake homeserver that can be away. */
export class AsIngressFixture {
  private nextTransaction = 1;

  private constructor(
    readonly homeserver: FakeHomeserver,
    readonly queue: InspectedQueue,
    readonly config: AsIngressConfig,
    readonly app: NestFastifyApplication,
    readonly url: string,
  ) {}

  static async start(): Promise<AsIngressFixture> {
    const [homeserver, queue] = await Promise.all([FakeHomeserver.start(), InspectedQueue.start()]);
    const config = configOf(queue.server.url, homeserver.url);
    const app = await startAsIngress(config);
    return new AsIngressFixture(homeserver, queue, config, app, await app.getUrl());
  }

  async emptyQueues(): Promise<void> {
    await this.queue.empty('MAPPING', 'ROOMS', 'DEAD_LETTERS');
  }

  /** As the homeserver calls. */
  call(call: Omit<HttpCall, 'headers'>, authorization = `Bearer ${hsToken}`): Promise<HttpAnswer> {
    const headers = { authorization, 'content-type': 'application/json' };
    return httpRequest(this.url, { ...call, headers });
  }

  transaction(body: string | Buffer, txnId = String(this.nextTransaction++)): Promise<HttpAnswer> {
    return this.call({ method: 'PUT', target: `${basePath}/transactions/${txnId}`, body });
  }

  /** The ids of the next so many transactions, as a homeserver counts them. */
  nextIds(count: number): string[] {
    return Array.from({ length: count }, () => String(this.nextTransaction++));
  }

  /** What a metric of this app, or of another one, counts now, by the values of its labels. */
  async counts(name: string, of: NestFastifyApplication = this.app): Promise<Record<string, number>> {
    const metric = await of.get(Metrics).registry.getSingleMetric(name)?.get();
    return Object.fromEntries(
      metric?.values.map(({ labels, value }) => [Object.values(labels).join(), value]) ?? [],
    );
  }

  async stop(): Promise<void> {
    await this.app.close();
    await Promise.all([this.queue.stop(), this.homeserver.stop()]);
  }
}

/** The body of a transaction. */
export function events(...list: unknown[]): string {
  return JSON.stringify({ events: list });
}

export function message(room: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_id: `$${randomUUID()}`,
    room_id: room,
    sender: '@gp:practice.example',
    type: 'm.room.message',
    origin_server_ts: 1_700_000_000_000,
    content: { msgtype: 'm.text', body: 'Good morning' },
    ...changes,
  };
}

function configOf(natsUrl: string, homeserverUrl: string): AsIngressConfig {
  return {
    http: { host: '127.0.0.1', port: 0, bodyLimitBytes: 1024 * 1024 },
    log: { level: 'fatal', format: 'json' },
    tracing: { endpoint: undefined, tracesEndpoint: undefined, serviceName: undefined },
    nats: queueSettings(natsUrl, 8),
    postgres: { url: process.env.TEST_DATABASE_URL ?? '', poolSize: 2 },
    matrix: { serverName: 'care.example', ghostPrefix: '_bridge_', botLocalpart: '_bridge_bot' },
    homeserver: { url: homeserverUrl, asToken, requestTimeoutMs: 5_000 },
    appservice: {
      id: 'bridge',
      hsToken,
      previousHsToken,
      legacyPaths: false,
      silenceMs: 600_000,
    },
  };
}
