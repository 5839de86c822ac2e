import type { Logger } from '@bridge/platform';
import type { MessengerProxyConfig } from '../app.module';
import type { ProxyMetrics } from '../proxy-metrics';
import { CallCounter } from './call-counter';
import { ReportQueue } from './report-queue';
import { type Delivered, ReportReceiver } from './report-receiver';

/** Reports of calls, from their end to their receiver. */
export interface RawData {
  readonly counter: CallCounter;
  start(): void;
  close(): Promise<void>;
}

/** @returns undefined where calls are not reported: PROXY_RAW_DATA_URL is not set */
export function rawDataOf(
  { proxy, matrix, nats }: MessengerProxyConfig,
  metrics: ProxyMetrics,
  logger: Pick<Logger, 'warn'>,
): RawData | undefined {
  if (proxy.rawDataUrl === undefined) return undefined;
  const receiver = new ReportReceiver(proxy.rawDataUrl);
  const queue = new ReportQueue({
    url: nats.url,
    limits: {
      maxBytes: proxy.rawDataMaxBytes,
      maxAgeMs: proxy.rawDataMaxAgeMs,
      replicas: nats.replicas,
    },
    post: (report, signal) => receiver.post(report, signal),
    onLost: () => metrics.reportsDropped.inc({ reason: 'queue' }),
    onDelivered: (outcome) => told(outcome, metrics, logger),
    onAway: (err) => logger.warn({ msg: 'The queue of reports is away: reports are dropped', err }),
  });
  metrics.followReports(() => queue.waiting());
  const origin = {
    // Its settings' checks see to it that these are set.
    instanceId: proxy.rawDataInstanceId ?? '',
    serverName: matrix.serverName,
    professionOid: proxy.rawDataProfessionOid ?? '',
    telematikId: proxy.rawDataTelematikId ?? '',
  };
  return {
    counter: new CallCounter(origin, (report) => queue.put(report)),
    start: () => queue.start(),
    close: async () => {
      await queue.close();
      await receiver.close();
    },
  };
}

function told(outcome: Delivered, metrics: ProxyMetrics, logger: Pick<Logger, 'warn'>): void {
  if (outcome === 'sent') metrics.reportsSent.inc();
  if (outcome !== 'refused') return;
  metrics.reportsDropped.inc({ reason: 'refused' });
  logger.warn({ msg: 'A report of a call was refused by its receiver, and dropped' });
}
