import { Metrics } from '@bridge/platform';
import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import type { ListKeeper } from './federation-list/list-keeper';

/** Seconds in which a request is answered, long polls among them. */
const SECONDS = [0.002, 0.005, 0.01, 0.05, 0.2, 1, 5, 30, 120];

/** What is cleared away. */
export type Removed = 'orphaned-room' | 'ended-contact';

/** What the proxy counts: never a path with an id in it, a name or an address. */
@Injectable()
export class ProxyMetrics {
  readonly refusals: Counter<'direction' | 'rule'>;
  readonly requests: Histogram<'direction' | 'status'>;
  readonly listLooks: Counter<'outcome'>;
  readonly removed: Counter<'what'>;
  readonly removalFailures: Counter<'what'>;
  readonly reportsSent: Counter;
  readonly reportsDropped: Counter<'reason'>;

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
    this.removed = metrics.counter(
      'bridge_proxy_removed_total',
      'What was cleared away: orphaned rooms, contacts whose end was over.',
      ['what'],
    );
    this.removalFailures = metrics.counter(
      'bridge_proxy_removal_failures_total',
      'Times that it could not be cleared away.',
      ['what'],
    );
    this.reportsSent = metrics.counter(
      'bridge_proxy_reports_sent_total',
      'Reports of calls (raw data) that their receiver has.',
    );
    this.reportsDropped = metrics.counter(
      'bridge_proxy_reports_dropped_total',
      'Reports of calls that were dropped: the queue did not take them, or the receiver refused them.',
      ['reason'],
    );
  }

  /** Tells how many reports wait. @param waiting undefined where nobody knows now */
  followReports(waiting: () => Promise<number | undefined>): void {
    this.metrics.gauge(
      'bridge_proxy_reports_waiting',
      'Reports of calls that wait to be sent; absent where the queue does not answer.',
      [],
      async (gauge) => {
        const count = await waiting();
        if (count === undefined) gauge.remove();
        else gauge.set(count);
      },
    );
  }

  /** Tells how many requests wait for a connection to the homeserver. */
  followHomeserver(waiting: () => number): void {
    this.metrics.gauge(
      'bridge_proxy_homeserver_waiting',
      'Requests that wait since as many are under way as PROXY_CONNECTIONS lets.',
      [],
      async (gauge) => {
        gauge.set(waiting());
      },
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
    this.metrics.gauge(
      'bridge_proxy_list_valid_seconds',
      'Time until the federation list ends by its own word, below 0 after it; absent for one that does not end.',
      [],
      async (gauge) => {
        const left = keeper.leftMs();
        if (left === undefined) gauge.remove();
        else gauge.set(left / 1_000);
      },
    );
    this.metrics.gauge('bridge_proxy_list_version', 'Version of the federation list.', [], async (gauge) => {
      gauge.set(keeper.version());
    });
  }
}
