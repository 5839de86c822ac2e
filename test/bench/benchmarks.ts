import type { Benchmark } from './benchmark';
import { catchUp } from './catch-up/catch-up';
import { cost } from './cost/cost';
import { footprint } from './footprint/footprint';
import { ingress } from './ingress/ingress';
import { toFhir } from './messages/to-fhir';
import { toMatrix } from './messages/to-matrix';

/** In the order in which they run: the servers grow fuller from one to the next. */
export const benchmarks: readonly Benchmark[] = [ingress, toMatrix, toFhir, footprint, cost, catchUp];
