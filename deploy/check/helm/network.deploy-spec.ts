import path from 'node:path';
import { charts } from './chart-files';
import { selects, workloadsOf } from './kubernetes-object';
import { type Rule, internalFlows, policiesFor, policiesOf } from './network-flows';
import { everyVariant, objectsOf, objectsOfTitle, objectsOfVariant, template } from './rendered-charts';

/** Variants that turn the policies off. */
const without = ['fhir-matrix-bridge mutual-tls', 'synapse-federation values-in-the-chart'];
const withPolicies = everyVariant.filter(([title]) => !without.includes(title));

/** Ports outside the release that the values of the variants name, beside those that anybody may have. */
const outside = [
  53, 80, 443, 8448, 8080, 8008, 29318, 4222, 8222, 5432, 6432, 6443, 4318, 4319, 8443, 8093, 9020, 9443,
  9444,
];

it.each(without)('%s has no policy where they are turned off', (title) => {
  expect(policiesOf(objectsOfTitle(title))).toEqual([]);
});

describe.each(withPolicies)('NetworkPolicies of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);
  const policies = policiesOf(objects);
  const workloads = workloadsOf(objects);

  it('deny everything to every pod, and then let through', () => {
    const denials = policies.filter(({ ingress, egress }) => ingress.length + egress.length === 0);
    for (const workload of workloads) {
      const own = policiesFor(policies, workload);
      expect(own.filter((policy) => denials.includes(policy))).toMatchObject([
        { policyTypes: ['Ingress', 'Egress'] },
      ]);
      expect({ of: workload.title, others: own.length - 1 }).toEqual({ of: workload.title, others: 1 });
    }
  });

  it('let in to every port of every container, and to no port that is not there', () => {
    for (const workload of workloads) {
      const named = policiesFor(policies, workload)
        .flatMap(({ ingress }) => ingress)
        .flatMap(({ ports }) => ports.map(({ port }) => port));
      const there = workload.pod.spec.containers.flatMap(({ ports = [] }) =>
        ports.map(({ containerPort }) => containerPort),
      );
      expect({ of: workload.title, ports: [...new Set(named)].sort() }).toEqual({
        of: workload.title,
        ports: [...new Set(there)].sort(),
      });
    }
  });

  it('let only pods of the release into servers that are for it alone', () => {
    const inner = workloads.filter(({ pod }) =>
      ['nats', 'postgres', 'valkey'].includes(pod.metadata.labels['app.kubernetes.io/component'] ?? ''),
    );
    for (const workload of inner)
      for (const { from = [] } of policiesFor(policies, workload).flatMap(({ ingress }) => ingress)) {
        expect({ of: workload.title, peers: from.length }).not.toEqual({ of: workload.title, peers: 0 });
        for (const peer of from) {
          expect(Object.keys(peer)).toEqual(['podSelector']);
          expect(workloads.filter(({ pod }) => selects(peer.podSelector, pod.metadata.labels))).toHaveLength(
            1,
          );
        }
      }
  });

  it('are about pods that exist', () => {
    for (const { name, podSelector } of policies) {
      const isOperators = Object.keys(podSelector.matchLabels ?? {}).includes('cnpg.io/cluster');
      const isForLater = name.endsWith('-make-keys');
      const found = workloads.some((workload) =>
        policiesFor(policies, workload).some((each) => each.name === name),
      );
      expect({ name, found: found || isOperators || isForLater }).toEqual({ name, found: true });
    }
  });

  it('let every pod that goes out ask the DNS, and name no port that nobody has', () => {
    const there = workloads.flatMap(({ pod }) =>
      pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort)),
    );
    for (const { name, egress } of policies.filter((policy) => policy.egress.length > 0)) {
      const ports = egress.flatMap((rule) => rule.ports);
      expect(ports).toContainEqual({ port: 53, protocol: 'UDP' });
      for (const { port } of ports)
        expect({ name, port, known: [...outside, ...there].includes(port) }).toMatchObject({ known: true });
    }
  });
});

describe('Within a release', () => {
  it('the processes of the bridge reach NATS, and nobody anything else', () => {
    expect(internalFlows(objectsOfTitle('fhir-matrix-bridge cloudnativepg-keda'))).toEqual([
      'as-ingress → nats: 4222 8222',
      'fhir-ingress → nats: 4222 8222',
      'fhir-mapper → nats: 4222 8222',
      'nats → nats: 6222',
      'room-manager → nats: 4222 8222',
    ]);
  });

  it('a homeserver reaches its own Postgres and no other’s', () => {
    expect(internalFlows(objectsOfTitle('synapse-federation federation-of-three'))).toEqual(
      ['apotheek', 'huisarts', 'vvt'].flatMap((name) => [
        `${name}/gateway → ${name}/synapse: 8008`,
        `${name}/synapse → ${name}/postgres: 5432`,
      ]),
    );
  });

  it('workers reach the main process, and both the Redis', () => {
    expect(internalFlows(objectsOfTitle('synapse-federation production-workers'))).toEqual([
      'zuid/gateway → zuid/synapse: 8008',
      'zuid/gateway → zuid/worker: 8008',
      'zuid/synapse → zuid/valkey: 6379',
      'zuid/worker → zuid/synapse: 9093',
      'zuid/worker → zuid/valkey: 6379',
    ]);
  });
});

describe('The messenger proxy', () => {
  const [policy] = policiesOf(objectsOfTitle('fhir-matrix-bridge messenger-proxy')).filter(({ name }) =>
    name.endsWith('-messenger-proxy'),
  );
  const rulesOf = (rules: Rule[] = [], direction: 'from' | 'to'): string[] =>
    rules.map((rule) => `${rule.ports.map(({ port }) => port).join(' ')} ${JSON.stringify(rule[direction])}`);
  const namespace = (name: string): string =>
    `[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"${name}"}}}]`;

  it('is called from outside by what stands in front, by the homeserver on its way out, and by nobody else', () => {
    expect(rulesOf(policy?.ingress, 'from')).toEqual([
      `8090 8070 7777 ${namespace('ingress-nginx')}`,
      `8093 ${namespace('matrix')}`,
      `1233 ${namespace('monitoring')}`,
    ]);
  });

  it('calls its database, its homeserver, other homeservers, services of the federation and the queue of reports', () => {
    const postgres =
      '[{"podSelector":{"matchLabels":{"cnpg.io/cluster":"care-fhir-matrix-bridge-postgres"}}}]';
    const others = '[{"ipBlock":{"cidr":"192.0.2.0/24"}},{"ipBlock":{"cidr":"10.20.0.0/16"}}]';
    expect(rulesOf(policy?.egress, 'to')).toEqual([
      expect.stringMatching(/^53 53 /),
      `5432 ${postgres}`,
      '8008 undefined',
      `9444 9020 443 8448 ${others}`,
      expect.stringMatching(/^4222 8222 .*"nats"/),
    ]);
  });

  it('is let into the queue where it reports calls', () => {
    expect(internalFlows(objectsOfTitle('fhir-matrix-bridge messenger-proxy'))).toContain(
      'messenger-proxy → nats: 4222 8222',
    );
  });

  it('is let into the operator’s database, as the only one beside those that use it', () => {
    const [database] = policiesOf(objectsOfTitle('fhir-matrix-bridge messenger-proxy')).filter(({ name }) =>
      name.endsWith('-postgres'),
    );
    const components = (database?.ingress[0]?.from ?? []).map(
      ({ podSelector }) => podSelector?.matchLabels?.['app.kubernetes.io/component'],
    );
    expect(components).toEqual([
      ...['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager', 'messenger-proxy', 'migrate'],
    ]);
  });
});

describe('A homeserver behind its messenger proxy', () => {
  it('goes to the proxy and to its database, and nowhere else', () => {
    const title = 'synapse-federation behind-messenger-proxy';
    const [own] = policiesOf(objectsOfTitle(title)).filter(({ name }) => name.endsWith('-synapse'));
    const peers = (own?.egress ?? []).map(({ ports, to }) => [
      ports.map(({ port }) => port).join(' '),
      to?.map(({ podSelector }) => podSelector?.matchLabels?.['app.kubernetes.io/component']),
    ]);
    expect(peers).toEqual([
      ['53 53', [undefined]],
      ['5432', ['postgres']],
      ['8093', ['messenger-proxy']],
    ]);
  });
});

describe('Out of a release', () => {
  const values = path.join(charts.bridge, 'ci/production-external-values.yaml');
  const egressOf = (process: string, ...more: string[]) => {
    const { rendered } = template(charts.bridge, values, ...more);
    const [policy] = policiesOf(objectsOf(rendered)).filter(({ name }) => name === `bridge-${process}`);
    return (policy?.egress ?? []).map(
      ({ ports, to }) => `${ports.map(({ port }) => port).join(' ')} ${JSON.stringify(to)}`,
    );
  };
  const dns = expect.stringContaining('53 53') as string;
  const nats = '4222 8222 [{"ipBlock":{"cidr":"203.0.113.0/28"}}]';
  const tracing =
    '4318 4319 [{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"monitoring"}}}]';
  const postgres = '5432 [{"ipBlock":{"cidr":"203.0.113.5/32"}}]';
  const homeserver = '443 8443 [{"ipBlock":{"cidr":"192.0.2.0/24"}}]';

  it('go to the ports that the settings name, and to the peers that the values name', () => {
    expect(egressOf('as-ingress')).toEqual([dns, nats, tracing, postgres, homeserver]);
    expect(egressOf('fhir-ingress')).toEqual([
      dns,
      nats,
      tracing,
      '8443 [{"ipBlock":{"cidr":"198.51.100.0/24"}}]',
    ]);
    const fhir = '8443 443 9443 [{"ipBlock":{"cidr":"198.51.100.0/24"}}]';
    expect(egressOf('fhir-mapper')).toEqual([dns, nats, tracing, postgres, homeserver, fhir]);
    expect(egressOf('room-manager')).toEqual([dns, nats, tracing, postgres, homeserver, fhir]);
    expect(egressOf('migrate')).toEqual([dns, postgres]);
  });

  it('follow a changed setting', () => {
    expect(egressOf('as-ingress', '--set', 'config.homeserver.url=http://hs:8008')).toContain(
      '8008 8443 [{"ipBlock":{"cidr":"192.0.2.0/24"}}]',
    );
  });
});
