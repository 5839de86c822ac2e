import { Injectable } from '@nestjs/common';
import { currentTakenAt } from '../trace/trace-context';
import { Metrics } from './metrics';

/** From a message that nothing holds up to one that a server kept waiting for a day. */
const buckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];

/** How long it takes from where something was said until it is on the other side. */
@Injectable()
export class EndToEnd {
  private readonly seconds;

  constructor(metrics: Metrics) {
    this.seconds = metrics.histogram(
      'bridge_end_to_end_seconds',
      'Time from the arrival at an ingress until the other side has it, retries and dead letters included.',
      ['direction'],
      buckets,
    );
  }

  /** What this work began with is on the other side now. Not counted where it is not known when it began. */
  arrived(direction: 'to-matrix' | 'to-fhir'): void {
    const takenAt = currentTakenAt();
    if (takenAt === undefined) return;
    // Two processes may run on machines whose clocks differ a little.
    this.seconds.observe({ direction }, Math.max(0, Date.now() - takenAt) / 1000);
  }
}
