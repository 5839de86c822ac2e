import type { Benchmark } from './benchmark';
import { catchUp } from './catch-up/catch-up';
import { cost } from './cost/cost';
import { footprint } from './footprint/footprint';
import { ingress } from './ingress/ingress';
import { toFhir } from './messages/to-fhir';
import { toMatrix } from './messages/to-matrix';
import { proxy } from './proxy/proxy';
import { backlog } from './scale/backlog';
import { organisation } from './scale/organisation';
import { replicas } from './scale/replicas';

/**
 * In the order in which they run: the servers grow fuller from one to the next. The ingress, the proxy and those of scale
 * have servers of their own.
 */
export const benchmarks: readonly Benchmark[] = [
  ...[ingress, proxy, toMatrix, toFhir, footprint, cost, catchUp],
  ...[replicas, backlog, organisation],
];
