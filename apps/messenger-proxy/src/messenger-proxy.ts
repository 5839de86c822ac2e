import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { InviteContactStore, TurnStore } from '@bridge/persistence';
import type { Logger, Readiness } from '@bridge/platform';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import type { MessengerProxyConfig } from './app.module';
import { type ListKeeper, ListOutdated } from './federation-list/list-keeper';
import type { HomeserverClient } from './homeserver-client';
import { Housekeeping } from './housekeeping/housekeeping';
import { proxyTasks } from './housekeeping/proxy-tasks';
import { inboundEdge } from './inbound/inbound-edge';
import type { InboundProxy } from './inbound/inbound-proxy';
import { outboundProxy } from './outbound/outbound-proxy';
import type { ConnectProxy } from './outbound/connect-proxy';
import { profileOf } from './profile';
import type { ProxyMetrics } from './proxy-metrics';
import { type RawData, rawDataOf } from './raw-data/raw-data';
import type { Refusal } from './requests/refusal';
import { contactsApi } from './side-apis/contacts-api';
import { informationApi } from './side-apis/information-api';
import { openIdOwner } from './side-apis/openid';
import { type EdgeCertificate, EdgeServer } from './server/edge-server';
import type { Forwarder } from './server/forwarder';

export interface MessengerProxyParts {
  readonly config: MessengerProxyConfig;
  readonly homeserver: Forwarder;
  readonly client: HomeserverClient;
  readonly list: ListKeeper;
  readonly contacts: InviteContactStore;
  readonly turns: TurnStore;
  readonly metrics: ProxyMetrics;
  readonly readiness: Readiness;
  readonly logger: Logger;
}

/** The proxy of a homeserver: its two edges, and the federation list that both go by. */
export class MessengerProxy implements BeforeApplicationShutdown {
  private inbound: EdgeServer | undefined;
  private outbound: ConnectProxy | undefined;
  private readonly sideApis: FastifyInstance[] = [];
  private readonly housekeeping: Housekeeping;
  /** Not set: calls are not reported. */
  private readonly rawData: RawData | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: MessengerProxyParts) {
    const { config, metrics, logger } = parts;
    this.housekeeping = new Housekeeping(proxyTasks(parts), metrics, logger);
    this.rawData = rawDataOf(config, metrics, logger);
  }

  /** Reads the list, and listens. */
  async start(): Promise<void> {
    const { config, list, client, readiness } = this.parts;
    this.parts.metrics.followHomeserver(() => this.parts.homeserver.waiting());
    readiness.register('homeserver', () => client.requireHealth());
    readiness.register('federation list', () => {
      list.current();
    });
    await list.start();
    this.timer = setInterval(() => void list.refresh(), config.proxy.listIntervalMs);
    await this.listenInbound();
    if (config.proxy.outbound !== 'off') await this.listenOutbound();
    await this.listenSideApis();
    this.rawData?.start();
    this.housekeeping.start();
  }

  /** Where clients and other homeservers are served; for tests, which let the port be chosen. */
  inboundPort(): number {
    if (!this.inbound) throw new Error('Not listening');
    return this.inbound.port;
  }

  /** Where our homeserver is served. */
  outboundPort(): number {
    return portOf(this.outbound?.server);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.housekeeping.stop();
    this.outbound?.close();
    await Promise.all([this.inbound, ...this.sideApis].map(async (each) => each?.close()));
    // After the calls that it reports.
    await this.rawData?.close();
    await this.parts.homeserver.close();
  }

  private async listenInbound(): Promise<void> {
    const { config } = this.parts;
    const proxy = inboundEdge(this.parts, {
      onRefusal: (refusal, failure) => this.refused('inbound', refusal, failure),
      onInvite: (request, isOwn) => this.rawData?.counter.invited(request, isOwn),
    });
    this.inbound = new EdgeServer(
      (request, response) => this.answer(proxy, request, response),
      certificateOf(config.proxy),
    );
    await this.inbound.listen(config.proxy.inboundPort, config.http.host);
  }

  private answer(proxy: InboundProxy, request: IncomingMessage, response: ServerResponse): void {
    const from = performance.now();
    response.once('close', () => {
      const labels = { direction: 'inbound', status: `${Math.floor(response.statusCode / 100)}xx` } as const;
      this.parts.metrics.requests.observe(labels, (performance.now() - from) / 1_000);
    });
    this.rawData?.counter.watch('inbound', request, response);
    void proxy.answer(request, response);
  }

  private async listenOutbound(): Promise<void> {
    const { config, list } = this.parts;
    this.outbound = outboundProxy(config, list, {
      onRefusal: (refusal, failure) => this.refused('outbound', refusal, failure),
      onCall: (request, response) => this.rawData?.counter.watch('outbound', request, response),
    });
    this.outbound.server.listen(config.proxy.outboundPort, config.http.host);
    await once(this.outbound.server, 'listening');
  }

  private async listenSideApis(): Promise<void> {
    const { config, homeserver, contacts, list } = this.parts;
    const { contactsPort, informationPort } = profileOf(config.proxy);
    const owner = openIdOwner(homeserver);
    const host = config.http.host;
    if (contactsPort !== undefined) {
      const app = contactsApi({
        contacts,
        owner,
        onCall: (request, response) => this.rawData?.counter.watch('contacts', request, response),
      });
      this.sideApis.push(app);
      await app.listen({ port: contactsPort, host });
    }
    if (informationPort !== undefined) {
      const app = informationApi({ list: () => list.current(), owner });
      this.sideApis.push(app);
      await app.listen({ port: informationPort, host });
    }
  }

  /** Told without path, headers, ids or address. */
  private refused(direction: 'inbound' | 'outbound', refusal: Refusal, failure: unknown): void {
    const { metrics, logger } = this.parts;
    metrics.refusals.inc({ direction, rule: refusal.rule });
    if (refusal.rule === 'internal') logger.error(failure, MessengerProxy.name);
    else if (failure instanceof ListOutdated) logger.error({ msg: failure.message, direction });
    else logger.log({ msg: 'Refused', direction, rule: refusal.rule, status: refusal.status });
  }
}

function certificateOf({
  inboundCertificate: cert,
  inboundKey: key,
}: MessengerProxyConfig['proxy']): EdgeCertificate | undefined {
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('Not listening');
  return address.port;
}
