import { X509Certificate, createPublicKey } from 'node:crypto';
import { PersistenceModule, FederationListStore, InviteContactStore, TurnStore } from '@bridge/persistence';
import { type Config, type ConfigSection, Logger, PlatformModule, Readiness } from '@bridge/platform';
import { type DynamicModule, Module } from '@nestjs/common';
import { ListKeeper } from './federation-list/list-keeper';
import { listSource } from './federation-list/list-source';
import { type ListTrust, readSignedList } from './federation-list/signed-list';
import { HomeserverClient } from './homeserver-client';
import { MessengerProxy } from './messenger-proxy';
import { ProxyMetrics } from './proxy-metrics';
import { Forwarder } from './server/forwarder';

export const messengerProxySections = [
  'http',
  'log',
  'tracing',
  'matrix',
  'nats',
  'postgres',
  'proxy',
] as const satisfies ConfigSection[];

export type MessengerProxyConfig = Pick<Config, (typeof messengerProxySections)[number]>;

/** A server that is not in the list has it fetched anew at most this often. */
const MISS_PAUSE_MS = 10_000;

@Module({})
export class MessengerProxyModule {
  static forRoot(config: MessengerProxyConfig): DynamicModule {
    const { proxy } = config;
    return {
      module: MessengerProxyModule,
      imports: [
        PlatformModule.forRoot({ app: 'messenger-proxy', config }),
        PersistenceModule.forRoot(config.postgres, config.matrix),
      ],
      providers: [
        ProxyMetrics,
        { provide: Forwarder, useFactory: () => new Forwarder(proxy.homeserverUrl, proxy.connections) },
        {
          provide: HomeserverClient,
          useFactory: (homeserver: Forwarder) => new HomeserverClient(homeserver, proxy.adminToken),
          inject: [Forwarder],
        },
        {
          provide: ListKeeper,
          useFactory: (store: FederationListStore, metrics: ProxyMetrics, logger: Logger) =>
            listKeeper(proxy, store, metrics, logger),
          inject: [FederationListStore, ProxyMetrics, Logger],
        },
        {
          provide: MessengerProxy,
          useFactory: (
            homeserver: Forwarder,
            client: HomeserverClient,
            list: ListKeeper,
            contacts: InviteContactStore,
            turns: TurnStore,
            metrics: ProxyMetrics,
            readiness: Readiness,
            logger: Logger,
          ) =>
            new MessengerProxy({
              config,
              homeserver,
              client,
              list,
              contacts,
              turns,
              metrics,
              readiness,
              logger,
            }),
          inject: [
            Forwarder,
            HomeserverClient,
            ListKeeper,
            InviteContactStore,
            TurnStore,
            ProxyMetrics,
            Readiness,
            Logger,
          ],
        },
      ],
    };
  }
}

function listKeeper(
  proxy: Config['proxy'],
  store: FederationListStore,
  metrics: ProxyMetrics,
  logger: Logger,
): ListKeeper {
  const trust = trustOf(proxy);
  const keeper = new ListKeeper({
    fetch: listSource(proxy.list),
    read: (jws, at) => readSignedList(jws, trust, at),
    store,
    timeToLiveMs: proxy.listTimeToLiveMs,
    missPauseMs: Math.min(MISS_PAUSE_MS, proxy.listIntervalMs),
    report: (event, detail) => {
      metrics.listLooks.inc({ outcome: event });
      if (event === 'failed') logger.error({ msg: 'The federation list could not be refreshed', detail });
      else if (event === 'refreshed') logger.log({ msg: 'New federation list', detail });
    },
  });
  metrics.followList(keeper);
  return keeper;
}

/** One of the two is set: see the checks of the settings. */
function trustOf({ listAlgorithm: algorithm, listKey, listAuthorities }: Config['proxy']): ListTrust {
  if (listKey !== undefined) return { kind: 'key', algorithm, publicKey: createPublicKey(listKey) };
  const pems = listAuthorities?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return { kind: 'certificates', algorithm, authorities: pems.map((pem) => new X509Certificate(pem)) };
}
