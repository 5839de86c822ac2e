import {
  ofKind,
  selects,
  workloadsOf,
  type KubernetesObject,
  type Selector,
  type Workload,
} from './kubernetes-object';

export interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string };
}

export interface Rule {
  ports: { port: number; protocol: string }[];
  from?: Peer[];
  to?: Peer[];
}

export interface Policy {
  name: string;
  podSelector: Selector;
  policyTypes: string[];
  ingress: Rule[];
  egress: Rule[];
}

export function policiesOf(objects: readonly KubernetesObject[]): Policy[] {
  return ofKind(objects, 'NetworkPolicy').map(({ metadata, spec }) => ({
    ingress: [],
    egress: [],
    ...(spec as Pick<Policy, 'podSelector' | 'policyTypes'>),
    name: metadata.name,
  }));
}

/** The policies of the pods of a workload. */
export function policiesFor(policies: readonly Policy[], { pod }: Workload): Policy[] {
  return policies.filter(({ podSelector }) => selects(podSelector, pod.metadata.labels));
}

/** Whether one of these peers names pods of the release, and this one is among them. */
function namesPod(peers: readonly Peer[] | undefined, { pod }: Workload): boolean {
  return (peers ?? []).some(
    ({ podSelector, namespaceSelector }) =>
      podSelector && !namespaceSelector && selects(podSelector, pod.metadata.labels),
  );
}

/** Whether one of these peers may be this pod; no peers: anybody. */
function mayBe(peers: readonly Peer[] | undefined, workload: Workload): boolean {
  const anyNamespace = (peers ?? []).some(
    ({ podSelector, namespaceSelector }) =>
      namespaceSelector && !podSelector && Object.keys(namespaceSelector).length === 0,
  );
  return !peers || anyNamespace || namesPod(peers, workload);
}

function component({ pod }: Workload): string {
  const { 'matrix-federation/organisation': organisation, 'app.kubernetes.io/component': name } =
    pod.metadata.labels;
  return [organisation, name].filter(Boolean).join('/');
}

/**
 * Who may connect to whom within the release, as `as-ingress → nats: 4222 8222`: what the sender's policies name and
 * the receiver's let in.
 */
export function internalFlows(objects: readonly KubernetesObject[]): string[] {
  const policies = policiesOf(objects);
  const workloads = workloadsOf(objects);
  const portsTo = (from: Workload, to: Workload): number[] =>
    policiesFor(policies, from)
      .flatMap(({ egress }) => egress)
      .filter((rule) => namesPod(rule.to, to))
      .flatMap(({ ports }) => ports.map(({ port }) => port))
      .filter((port) => letsIn(policies, from, to, port));
  return workloads
    .flatMap((from) =>
      workloads.map((to) => [component(from), component(to), [...new Set(portsTo(from, to))]] as const),
    )
    .filter(([, , ports]) => ports.length > 0)
    .map(([from, to, ports]) => `${from} → ${to}: ${[...ports].sort().join(' ')}`)
    .sort();
}

function letsIn(policies: readonly Policy[], from: Workload, to: Workload, port: number): boolean {
  return policiesFor(policies, to)
    .flatMap(({ ingress }) => ingress)
    .some((rule) => mayBe(rule.from, from) && rule.ports.some((each) => each.port === port));
}
