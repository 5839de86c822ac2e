import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * The metrics of one app, in a registry of its own: two apps in one process do not mix. Each method returns the
 * metric of that name and makes it on first use.
 * Label values come from small fixed sets; never an id of a person, a room or a resource.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return (
      this.existing(name, Counter<L>) ?? new Counter({ name, help, labelNames, registers: [this.registry] })
    );
  }

  /** @param collect sets it anew each time that somebody reads the metrics; what it throws makes that reading fail */
  gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => Promise<void>,
  ): Gauge<L> {
    return (
      this.existing(name, Gauge<L>) ??
      new Gauge({
        name,
        help,
        labelNames,
        registers: [this.registry],
        ...(collect && {
          collect() {
            return collect(this);
          },
        }),
      })
    );
  }

  /** @param buckets upper bounds, in the unit that the name ends with; prom-client's own (5 ms to 10 s) unless given */
  histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets?: number[],
  ): Histogram<L> {
    return (
      this.existing(name, Histogram<L>) ??
      new Histogram({ name, help, labelNames, ...(buckets && { buckets }), registers: [this.registry] })
    );
  }

  private existing<M>(name: string, kind: abstract new (...args: never[]) => M): M | undefined {
    const metric: unknown = this.registry.getSingleMetric(name);
    if (metric === undefined || metric instanceof kind) return metric;
    throw new TypeError(`The metric ${name} exists with another type`);
  }
}
