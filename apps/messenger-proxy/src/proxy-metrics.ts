import { Metrics } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import type { ListKeeper } from './federation-list/list-keeper';

/** Seconds in which a request is answered, long polls among them. */
const SECONDS = [0.002, 0.005, 0.01, 0.05, 0.2, 1, 5, 30, 120];

/** What the proxy counts: never a path with an id in it, a name or an address. */
@Injectable()
export class ProxyMetrics {
  readonly refusals: Counter<'direction' | 'rule'>;
  readonly requests: Histogram<'direction' | 'status'>;
  readonly listLooks: Counter<'outcome'>;

  constructor(private readonly metrics: Metrics) {
    this.refusals = metrics.counter(
      'bridge_proxy_refusals_total',
      'Requests that went no further, by direction and rule.',
      ['direction', 'rule'],
    );
    this.requests = metrics.histogram(
      'bridge_proxy_request_seconds',
      'Time from a request to the end of its answer, by direction and class of status.',
      ['direction', 'status'],
      SECONDS,
    );
    this.listLooks = metrics.counter(
      'bridge_proxy_list_looks_total',
      'Looks for a newer federation list, by outcome: refreshed, unchanged, failed.',
      ['outcome'],
    );
  }

  /** Tells how old the list is. */
  followList(keeper: ListKeeper): void {
    this.metrics.gauge(
      'bridge_proxy_list_age_seconds',
      'Time since the federation list was last confirmed; -1 without one.',
      [],
      async (gauge) => {
        const age = keeper.ageMs();
        gauge.set(Number.isFinite(age) ? age / 1_000 : -1);
      },
    );
    this.metrics.gauge('bridge_proxy_list_version', 'Version of the federation list.', [], async (gauge) => {
      gauge.set(keeper.version());
    });
  }
}
