import { selects, workloadsOf, type Container } from './kubernetes-object';
import { everyVariant, objectsOfVariant } from './rendered-charts';

/** The one pod that has a token: it creates Secrets and can do nothing else. */
const withToken = (name: string) => name.endsWith('-make-keys');
/** It runs in an init container or a Job, and ends by itself. */
const runsOn = ({ pod, isJob }: { pod: { spec: { containers: Container[] } }; isJob: boolean }) =>
  isJob ? [] : pod.spec.containers;

const something = expect.anything() as unknown;

/** What each probe asks, by component: whether it started, whether it can be sent to, whether a restart would help. */
const ASKED: Record<string, [startup: string, readiness: string, liveness: string]> = {
  ...Object.fromEntries(
    ['as-ingress', 'fhir-ingress', 'fhir-mapper', 'room-manager', 'messenger-proxy'].map((name) => [
      name,
      ['/live', '/ready', '/live'],
    ]),
  ),
  nats: ['/healthz', '/healthz?js-server-only=true', '/healthz'],
  synapse: ['/health', '/health', '/health'],
  worker: ['/health', '/health', '/health'],
  gateway: ['/.gateway-health', '/.gateway-health', '/.gateway-health'],
  element: ['/config.json', '/config.json', '/config.json'],
};
/** In NOTES and docs: 5 s until nobody sends there any more, and the work under way. */
const LEAST_GRACE_SECONDS = 40;

describe.each(everyVariant)('Pods of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);
  const workloads = workloadsOf(objects);

  it('are there', () => {
    expect(workloads.length).toBeGreaterThan(2);
  });

  it.each(workloads.map((workload) => [workload.title, workload] as const))(
    '%s meets the Pod Security Standard "restricted", and more',
    (title, { object, pod, containers }) => {
      expect(pod.spec).toMatchObject({
        automountServiceAccountToken: withToken(object.metadata.name),
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const id of ['runAsUser', 'runAsGroup', 'fsGroup'])
        expect(pod.spec.securityContext?.[id]).toBeGreaterThanOrEqual(10_000);
      for (const host of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod.spec).not.toHaveProperty(host);
      for (const { name, securityContext } of containers)
        expect({ title, name, securityContext }).toEqual({
          title,
          name,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
        });
    },
  );

  it.each(workloads.map((workload) => [workload.title, workload] as const))(
    '%s has all three probes, on ports that exist',
    (_, workload) => {
      for (const { name, ports = [], startupProbe, readinessProbe, livenessProbe } of runsOn(workload)) {
        for (const probe of [startupProbe, readinessProbe, livenessProbe]) {
          const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
          const named = ports.some((each) => each.name === port || each.containerPort === port);
          expect({ name, isProbed: named || probe?.exec !== undefined }).toEqual({ name, isProbed: true });
        }
      }
    },
  );

  it.each(workloads.map((workload) => [workload.title, workload] as const))(
    '%s says what it needs, and its images always mean the same',
    (_, { containers }) => {
      for (const { name, image, resources } of containers) {
        expect({ name, resources }).toEqual({
          name,
          resources: {
            requests: { cpu: something, memory: something },
            limits: expect.objectContaining({ memory: something }) as object,
          },
        });
        expect(image).toMatch(/^[a-z0-9./_-]+\/[a-z0-9._-]+:v?\d+(\.\d+)+(-[a-z]+)?(@sha256:[0-9a-f]{64})?$/);
      }
    },
  );

  it.each(workloads.filter(({ isJob }) => !isJob).map((workload) => [workload.title, workload] as const))(
    '%s is asked what each probe is for, and has time to end its work',
    (_, { pod }) => {
      const asked = ASKED[pod.metadata.labels['app.kubernetes.io/component'] ?? ''];
      const [container] = pod.spec.containers;
      const probes = [container?.startupProbe, container?.readinessProbe, container?.livenessProbe];
      if (asked) expect(probes.map((probe) => probe?.httpGet?.path)).toEqual(asked);
      const { terminationGracePeriodSeconds: seconds } = pod.spec;
      if (asked && !asked.includes('/config.json'))
        expect(seconds).toBeGreaterThanOrEqual(LEAST_GRACE_SECONDS);
    },
  );

  it.each(workloads.filter(({ isJob }) => !isJob).map((workload) => [workload.title, workload] as const))(
    '%s is spread over nodes and zones',
    (_, { pod }) => {
      const constraints = pod.spec.topologySpreadConstraints ?? [];
      expect(constraints.length).toBeGreaterThan(0);
      for (const { topologyKey, labelSelector } of constraints) {
        expect(topologyKey).toMatch(/^(kubernetes\.io\/hostname|topology\.kubernetes\.io\/zone)$/);
        expect(selects(labelSelector, pod.metadata.labels)).toBe(true);
      }
    },
  );

  it.each(workloads.map((workload) => [workload.title, workload] as const))(
    '%s mounts what its pod has, and each file once',
    (_, { pod, containers, claims }) => {
      const volumes = [...(pod.spec.volumes ?? []).map(({ name }) => name), ...claims];
      expect(new Set(volumes).size).toBe(volumes.length);
      const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect(volumes).toEqual(expect.arrayContaining(mounted));
      for (const { volumeMounts = [] } of containers) {
        const paths = volumeMounts.map(({ mountPath }) => mountPath);
        expect(new Set(paths).size).toBe(paths.length);
      }
    },
  );

  it.each(workloads.map((workload) => [workload.title, workload] as const))(
    '%s names each variable once, and no later than it is used',
    (_, { containers }) => {
      for (const { env = [] } of containers) {
        const names = env.map(({ name }) => name);
        expect(names).toEqual([...new Set(names)]);
        for (const [index, { value = '' }] of env.entries())
          for (const [, used = ''] of value.matchAll(/\$\((\w+)\)/g))
            expect(names.slice(0, index)).toContain(used);
      }
    },
  );
});
