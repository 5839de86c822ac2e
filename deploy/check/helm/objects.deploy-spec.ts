import {
  ofKind,
  selects,
  titleOf,
  workloadsOf,
  type KubernetesObject,
  type Selector,
} from './kubernetes-object';
import { everyVariant, namespace, objectsOfVariant } from './rendered-charts';

const specOf = <T>(object: KubernetesObject): T => object.spec as T;

describe.each(everyVariant)('Objects of %s', (title, variant) => {
  const objects = objectsOfVariant(variant);
  const workloads = workloadsOf(objects);
  const running = workloads.filter(({ isJob }) => !isJob);
  const own = objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by']);

  it('have Kubernetes’ recommended labels, but those that the user adds', () => {
    const others = objects.filter((object) => !own.includes(object)).map(titleOf);
    expect(others).toEqual(title.endsWith('production-external') ? ['ConfigMap bridge-note'] : []);
    for (const { metadata } of own)
      for (const label of ['name', 'instance', 'component', 'version', 'part-of'])
        expect(metadata.labels?.[`app.kubernetes.io/${label}`]).toMatch(
          /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/,
        );
  });

  it('are in the namespace of the release, each name once, as DNS names', () => {
    const titles = objects.map(titleOf);
    expect(titles).toEqual([...new Set(titles)]);
    for (const { metadata } of own) {
      expect(metadata.namespace).toBe(namespace);
      expect(metadata.name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    }
  });

  it('select the pods of exactly one workload, where they select any', () => {
    const selectors = objects.flatMap((object): [string, Selector][] => {
      const { selector } = (object.spec ?? {}) as { selector?: Selector };
      if (object.kind === 'Service')
        return [
          [titleOf(object), { matchLabels: specOf<{ selector: Record<string, string> }>(object).selector }],
        ];
      return ['Deployment', 'StatefulSet', 'PodDisruptionBudget'].includes(object.kind)
        ? [[titleOf(object), selector ?? {}]]
        : [];
    });
    for (const [owner, selector] of selectors)
      expect({
        owner,
        pods: workloads.filter(({ pod }) => selects(selector, pod.metadata.labels)).length,
      }).toEqual({
        owner,
        pods: 1,
      });
  });

  it('protect every workload by a PodDisruptionBudget', () => {
    for (const { title: workload, pod } of running) {
      const budgets = ofKind(objects, 'PodDisruptionBudget').filter((budget) =>
        selects(specOf<{ selector: Selector }>(budget).selector, pod.metadata.labels),
      );
      expect({ workload, budgets: budgets.length }).toEqual({ workload, budgets: 1 });
    }
  });

  it('scale workloads that exist and have no number of replicas of their own', () => {
    for (const scaler of [
      ...ofKind(objects, 'HorizontalPodAutoscaler'),
      ...ofKind(objects, 'ScaledObject'),
    ]) {
      const { scaleTargetRef } = specOf<{ scaleTargetRef: { kind: string; name: string } }>(scaler);
      const target = objects.find(
        (each) => titleOf(each) === `${scaleTargetRef.kind} ${scaleTargetRef.name}`,
      );
      expect(target?.spec).toBeDefined();
      expect(target?.spec).not.toHaveProperty('replicas');
    }
  });

  it('scale no further than there is work to share, and know what to do when nobody can tell', () => {
    const partitions = 32;
    for (const scaler of ofKind(objects, 'ScaledObject')) {
      const { maxReplicaCount, fallback, triggers } = specOf<{
        maxReplicaCount: number;
        fallback?: { replicas: number };
        triggers: { metadata: { ignoreNullValues?: string } }[];
      }>(scaler);
      expect(maxReplicaCount).toBeLessThanOrEqual(partitions);
      expect(fallback?.replicas).toBeGreaterThan(0);
      for (const { metadata } of triggers) expect(metadata.ignoreNullValues).toBe('false');
    }
    for (const scaler of ofKind(objects, 'HorizontalPodAutoscaler'))
      expect(specOf<{ maxReplicas: number }>(scaler).maxReplicas).toBeLessThanOrEqual(partitions);
  });

  it('are replaced without being fewer in between', () => {
    for (const deployment of ofKind(objects, 'Deployment'))
      if (!title.startsWith('synapse-federation') || deployment.metadata.name.endsWith('-gateway'))
        expect(specOf<{ strategy: object }>(deployment).strategy).toMatchObject({
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: 0 },
        });
  });

  it('send to ports that the containers have', () => {
    for (const service of ofKind(objects, 'Service')) {
      const { selector, ports } = specOf<{
        selector: Record<string, string>;
        ports: { name: string; targetPort: string }[];
      }>(service);
      const names = workloads
        .filter(({ pod }) => selects({ matchLabels: selector }, pod.metadata.labels))
        .flatMap(({ pod }) => pod.spec.containers.flatMap((container) => container.ports ?? []))
        .map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(ports.map(({ targetPort }) => targetPort)));
    }
  });

  it('watch Services that exist, on ports that they have', () => {
    for (const monitor of ofKind(objects, 'ServiceMonitor')) {
      const { selector, endpoints, targetLabels } = specOf<{
        selector: Selector;
        endpoints: { port: string; path: string }[];
        targetLabels: string[];
      }>(monitor);
      const services = ofKind(objects, 'Service').filter(({ metadata }) =>
        selects(selector, metadata.labels),
      );
      const watched = services.filter((service) =>
        endpoints.every(({ port }) =>
          specOf<{ ports: { name: string }[] }>(service).ports.some(({ name }) => name === port),
        ),
      );
      expect({ monitor: monitor.metadata.name, services: watched.length }).toEqual({
        monitor: monitor.metadata.name,
        services: 1,
      });
      const path = title.startsWith('synapse-federation') ? '/_synapse/metrics' : '/metrics';
      expect(endpoints.map((endpoint) => endpoint.path)).toEqual([path]);
      for (const label of targetLabels) expect(watched[0]?.metadata.labels).toHaveProperty([label]);
    }
  });

  it('route to Services and ports that exist', () => {
    const services = new Map(
      ofKind(objects, 'Service').map((service) => [
        service.metadata.name,
        specOf<{ ports: { name: string; port: number }[] }>(service).ports,
      ]),
    );
    const backends = [
      ...ofKind(objects, 'Ingress').flatMap((ingress) =>
        specOf<{
          rules: { http: { paths: { backend: { service: { name: string; port: { name: string } } } }[] } }[];
        }>(ingress).rules.flatMap(({ http }) =>
          http.paths.map(({ backend }) => [backend.service.name, backend.service.port.name]),
        ),
      ),
      ...ofKind(objects, 'HTTPRoute').flatMap((route) =>
        specOf<{ rules: { backendRefs: { name: string; port: number }[] }[] }>(route).rules.flatMap(
          ({ backendRefs }) => backendRefs.map(({ name, port }) => [name, port]),
        ),
      ),
    ];
    for (const [name, port] of backends)
      expect(services.get(name as string)?.some((each) => each.name === port || each.port === port)).toBe(
        true,
      );
  });

  it('are used where they are ConfigMaps, with keys that they have', () => {
    const maps = new Map(
      ofKind(objects, 'ConfigMap').map(({ metadata, data }) => [metadata.name, Object.keys(data ?? {})]),
    );
    for (const { title: workload, pod } of workloads)
      for (const { configMap } of pod.spec.volumes ?? [])
        if (configMap) expect({ workload, map: maps.has(configMap.name) }).toEqual({ workload, map: true });
  });

  it('roll their pods when what they read changes', () => {
    const read = running.filter(({ pod }) => (pod.spec.volumes ?? []).some(({ configMap }) => configMap));
    for (const { pod } of read)
      expect(pod.metadata.annotations?.['checksum/config']).toMatch(/^[0-9a-f]{64}$/);
  });
});
