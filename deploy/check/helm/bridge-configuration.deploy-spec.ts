import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildRegistration } from '@bridge/matrix';
import { loadConfig, type ConfigSection } from '@bridge/platform';
import { parse } from 'yaml';
import { asIngressSections } from '../../../apps/as-ingress/src/app.module';
import { fhirIngressSections } from '../../../apps/fhir-ingress/src/app.module';
import { fhirMapperSections } from '../../../apps/fhir-mapper/src/app.module';
import { messengerProxySections } from '../../../apps/messenger-proxy/src/app.module';
import { roomManagerSections } from '../../../apps/room-manager/src/app.module';
import { environmentOf, exampleSecrets } from './bridge-pods';
import { ofKind, workloadsOf, type KubernetesObject } from './kubernetes-object';
import { charts } from './chart-files';
import { everyVariant, objectsOf, objectsOfTitle, objectsOfVariant, template } from './rendered-charts';

const sections: Record<string, readonly ConfigSection[]> = {
  'as-ingress': asIngressSections,
  'fhir-ingress': fhirIngressSections,
  'fhir-mapper': fhirMapperSections,
  'room-manager': roomManagerSections,
  migrate: ['postgres'],
};
const bridges = everyVariant.filter(([title]) => title.startsWith('fhir-matrix-bridge'));

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'bridge-pod-'))));

afterEach(() => rmSync(folder, { recursive: true }));

async function configOf(objects: readonly KubernetesObject[], process: string) {
  const containers = workloadsOf(objects).flatMap((workload) => workload.containers);
  const container = containers.find(({ name }) => name === process);
  if (!container) throw new Error(`no container ${process}`);
  const read = process === 'messenger-proxy' ? messengerProxySections : sections[process];
  return loadConfig(read ?? [], environmentOf(folder, objects, container, await exampleSecrets()));
}

describe.each(bridges)('The configuration of %s', (_, variant) => {
  const objects = objectsOfVariant(variant);

  it.each(Object.keys(sections))('is one that %s starts with', async (process) => {
    await expect(configOf(objects, process)).resolves.toBeDefined();
  });

  it('mounts no secret that the process does not read', () => {
    for (const { pod } of workloadsOf(objects))
      for (const { projected } of pod.spec.volumes ?? [])
        for (const { secret } of projected?.sources ?? [])
          for (const item of secret?.items ?? [])
            expect(pod.spec.containers[0]?.env).toContainEqual({
              name: `${item.path}_FILE`,
              value: `/run/bridge/secrets/${item.path}`,
            });
  });
});

describe('What the chart fills in', () => {
  it('is the bundled NATS, with its password, monitoring ports and number', async () => {
    const { nats } = await configOf(objectsOfTitle('fhir-matrix-bridge cloudnativepg-keda'), 'as-ingress');
    const server = (index: number) =>
      `care-fhir-matrix-bridge-nats-${index}.care-fhir-matrix-bridge-nats-headless.care.svc`;
    expect(nats).toMatchObject({
      url: [0, 1, 2].map((index) => `nats://bridge:example-nats-password@${server(index)}:4222`).join(','),
      monitoringUrls: [0, 1, 2].map((index) => `http://${server(index)}:8222`),
      replicas: 3,
    });
  });

  it('is the operator’s database, by its own authority', async () => {
    const { postgres } = await configOf(objectsOfTitle('fhir-matrix-bridge cloudnativepg-keda'), 'migrate');
    expect(postgres.url).toBe(
      'postgresql://postgres.example:5432/bridge?sslmode=verify-full&sslrootcert=/run/bridge/postgres/ca.crt',
    );
  });

  it('is a password that never comes into a URL', async () => {
    const objects = objectsOfTitle('fhir-matrix-bridge values-in-the-chart');
    const { postgres } = await configOf(objects, 'migrate');
    expect(postgres.url).toBe('postgresql://postgres.databases.svc:5432/bridge?sslmode=no-verify');
  });
});

describe('The registration', () => {
  const registrationIn = (title: string) => {
    const [object] = objectsOfTitle(title).filter(({ metadata }) => metadata.name.endsWith('-registration'));
    const text = (object?.stringData ?? object?.data)?.['registration.yaml'] ?? '';
    return { kind: object?.kind, content: parse(text) as unknown };
  };
  const built = (serverName: string, url: string, asToken: string, hsToken: string): unknown =>
    parse(
      buildRegistration({
        id: 'fhir-matrix-bridge',
        url,
        asToken,
        hsToken,
        matrix: { serverName, ghostPrefix: '_fhir_bridge_', botLocalpart: '_fhir_bridge_bot' },
      }),
    );

  it('is the bridge’s own, a Secret where the tokens are values', () => {
    const token = (name: string) => `example-${name}-token-for-the-check-of-the-chart`;
    expect(registrationIn('fhir-matrix-bridge values-in-the-chart')).toEqual({
      kind: 'Secret',
      content: built(
        'vvt.example',
        'http://care-fhir-matrix-bridge-as-ingress.care.svc:8080',
        token('as'),
        token('hs'),
      ),
    });
  });

  it('is a ConfigMap with places for the tokens where they are in Secrets', () => {
    expect(registrationIn('fhir-matrix-bridge production-external')).toEqual({
      kind: 'ConfigMap',
      content: built('vvt.example:8448', 'https://bridge.vvt.example', '${AS_TOKEN}', '${HS_TOKEN}'),
    });
  });
});

describe('The messenger proxy', () => {
  const title = 'fhir-matrix-bridge messenger-proxy';
  const values = `${charts.bridge}/ci/messenger-proxy-values.yaml`;

  it('is there where it is wanted alone', () => {
    const having = bridges.filter(([, variant]) =>
      objectsOfVariant(variant).some(({ metadata }) => metadata.name.endsWith('-messenger-proxy')),
    );
    expect(having.map(([each]) => each)).toEqual([title]);
  });

  it('starts with what its pod is given, on its own ports', async () => {
    const { proxy, http, matrix, nats } = await configOf(objectsOfTitle(title), 'messenger-proxy');
    expect(http.port).toBe(1233);
    expect(matrix.serverName).toBe('vvt.example');
    expect(proxy).toMatchObject({
      profile: 'tim',
      homeserverUrl: 'http://federation-vvt-synapse.matrix.svc:8008',
      list: '/run/bridge/list/list.jws',
      inboundPort: 8090,
      outboundPort: 8093,
      outbound: 'intercept',
      outboundNetworks: ['10.20.0.0/16'],
      rawDataUrl: 'https://reports.example:9020/add-performance-data',
    });
    expect(nats.url).toMatch(/^nats:\/\/bridge:example-nats-password@.*-nats-0\./);
  });

  it('reads the list where it is mounted', () => {
    const objects = objectsOfTitle(title);
    const { pod } = workloadsOf(objects).find(({ object }) =>
      object.metadata.name.endsWith('-messenger-proxy'),
    )!;
    const mount = pod.spec.containers[0]?.volumeMounts?.find(
      ({ mountPath }) => mountPath === '/run/bridge/list',
    );
    const volume = pod.spec.volumes?.find(({ name }) => name === mount?.name);
    const map = objects.find(({ metadata }) => metadata.name === volume?.configMap?.name);
    expect(map?.data?.['list.jws']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('reads it at a URL as well, and needs less with closed-federation', async () => {
    const less = {
      profile: 'closed-federation',
      list: 'https://lists.example:9443/list.jws',
      outbound: 'pass-through',
    };
    const { rendered } = template(
      charts.bridge,
      values,
      ...['--set', 'messengerProxy.list='],
      ...['--set-json', `config.proxy=${JSON.stringify(less)}`],
      ...['adminToken', 'outboundCertificate', 'outboundKey', 'outboundTrust'].flatMap((key) => [
        '--set-json',
        `secrets.proxy.${key}={}`,
      ]),
    );
    const objects = objectsOf(rendered);
    const { proxy } = await configOf(objects, 'messenger-proxy');
    expect(proxy).toMatchObject(less);
    expect(objects.some(({ metadata }) => metadata.name.endsWith('-federation-list'))).toBe(false);
    const policy = objects.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-messenger-proxy'),
    );
    expect(JSON.stringify(policy?.spec)).toContain('"port":9443');
    expect(JSON.stringify(policy?.spec)).not.toMatch(/"port":(8070|4222|9020|9444)\b/);
  });

  it('starts without an administrator’s token where nobody’s permissions are read', async () => {
    const { rendered } = template(
      charts.bridge,
      values,
      ...['--set', 'config.proxy.invites=contacts', '--set-json', 'secrets.proxy.adminToken={}'],
    );
    const { proxy } = await configOf(objectsOf(rendered), 'messenger-proxy');
    expect(proxy).toMatchObject({ profile: 'tim', invites: 'contacts', orphanedRoomMs: 0 });
  });

  it('shows the homeserver to the outside, and of it nothing for administrators, nor health and metrics', () => {
    const [ingress] = ofKind(objectsOfTitle(title), 'Ingress').filter(({ metadata }) =>
      metadata.name.endsWith('-messenger-proxy'),
    );
    const { rules } = ingress?.spec as {
      rules: { http: { paths: { path: string; backend: { service: { port: { name: string } } } }[] } }[];
    };
    expect(rules[0]?.http.paths.map(({ path, backend }) => `${path} ${backend.service.port.name}`)).toEqual([
      '/_matrix inbound',
      '/_synapse/client inbound',
      '/.well-known/matrix inbound',
      '/tim-contact-mgmt contacts',
      '/tim-information information',
    ]);
  });
});

describe('Migrations', () => {
  it.each(bridges)('come before every process that uses the database: %s', (_, variant) => {
    for (const { title, pod } of workloadsOf(objectsOfVariant(variant)).filter(
      ({ object }) => object.kind === 'Deployment',
    )) {
      const expected = title.endsWith('fhir-ingress') ? [] : ['migrate'];
      expect({ title, init: (pod.spec.initContainers ?? []).map(({ name }) => name) }).toEqual({
        title,
        init: expected,
      });
    }
  });

  it('are a hook before install and upgrade, which uses nothing of the release', () => {
    const objects = objectsOfTitle('fhir-matrix-bridge values-in-the-chart');
    const [job] = workloadsOf(objects).filter(({ isJob }) => isJob);
    expect(job?.object.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    expect(job?.pod.spec.serviceAccountName).toBeUndefined();
    const hooks = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook']);
    const used = job?.containers.flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
    );
    expect([...new Set(used)]).toEqual(ofKind(hooks, 'Secret').map(({ metadata }) => metadata.name));
  });

  it('wait for the upgrade where the release makes its own database', () => {
    const [job] = workloadsOf(objectsOfTitle('fhir-matrix-bridge cloudnativepg-keda')).filter(
      ({ isJob }) => isJob,
    );
    expect(job?.object.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-upgrade' });
  });
});

describe('The bundled NATS', () => {
  const confOf = (title: string) =>
    ofKind(objectsOfTitle(title), 'ConfigMap').flatMap(({ data }) => data?.['nats.conf'] ?? [])[0] ?? '';

  it('writes to disk before it confirms, and the three know each other', () => {
    const conf = confOf('fhir-matrix-bridge cloudnativepg-keda');
    expect(conf).toMatch(/^ {2}sync_interval: always$/m);
    expect(conf).toContain('password: $NATS_PASSWORD');
    // Each is another: the three would take one name for one server.
    expect(conf).toMatch(/^server_name: \$POD_NAME$/m);
    expect(conf.match(/nats:\/\/care-fhir-matrix-bridge-nats-\d\.[a-z.-]+:6222/g)).toHaveLength(3);
  });

  it('is no cluster when it is alone', () => {
    expect(confOf('fhir-matrix-bridge values-in-the-chart')).not.toContain('cluster');
  });

  it('is not there when NATS is elsewhere', () => {
    expect(confOf('fhir-matrix-bridge production-external')).toBe('');
  });
});
