import { readFileSync } from 'node:fs';
import path from 'node:path';
import { chartFiles, charts } from './chart-files';
import { helm, root, template, variants } from './rendered-charts';

describe('The files of the charts that are made from the code', () => {
  it.each(Object.entries(chartFiles()))('%s is what the code makes: npm run docs:charts', (file, content) => {
    expect(readFileSync(path.join(root, file), 'utf8')).toBe(content);
  });
});

describe.each(variants.map((variant) => [variant.title, variant] as const))('%s', (_, { chart, values }) => {
  it('passes helm lint', () => {
    const { ok, output } = helm('lint', chart, '--strict', '--values', values);
    expect(ok ? '' : output).toBe('');
  });

  it('is rendered without a warning', () => {
    const { ok, output, rendered } = template(chart, values);
    expect(ok).toBe(true);
    expect(output.slice(rendered.length)).toBe('');
  });
});

describe('Values that are wrong', () => {
  const minimal = path.join(charts.bridge, 'ci/minimal-values.yaml');
  const single = path.join(charts.federation, 'ci/single-values.yaml');
  const guarded = path.join(charts.bridge, 'ci/messenger-proxy-values.yaml');
  const notNew = path.join(charts.bridge, 'ci/cloudnativepg-keda-values.yaml');

  it.each([
    // Unknown, at the top and further down.
    [charts.bridge, minimal, 'replicas=3', 'replicas'],
    [charts.bridge, minimal, 'asIngres.replicas=3', 'asIngres'],
    [charts.bridge, minimal, 'asIngress.replica=3', 'replica'],
    [charts.bridge, minimal, 'config.fhir.baseURL=http://x', 'baseURL'],
    [charts.bridge, minimal, 'config.fihr.baseUrl=http://x', 'fihr'],
    [charts.bridge, minimal, 'config.nats.url=nats://x', 'url'],
    [charts.bridge, minimal, 'config.homeserver.asToken=x', 'asToken'],
    [charts.bridge, minimal, 'secrets.homeserver.asTokn.value=x', 'asTokn'],
    [charts.bridge, minimal, 'secrets.homeserver.asToken.key=x', 'key'],
    [charts.bridge, minimal, 'nats.bundled.storage.sice=1Gi', 'sice'],
    [charts.bridge, minimal, 'networkPolicy.peers.postgres[0].ipBlock.cidr=10.0.0.0/8', 'postgres'],
    [charts.bridge, minimal, 'asIngress.autoscaling.messagesPerReplica=3', 'messagesPerReplica'],
    [charts.bridge, minimal, 'monitoring.serviceMonitor.intervall=3s', 'intervall'],
    // Of the wrong type or out of bounds.
    [charts.bridge, minimal, 'asIngress.replicas=two', 'replicas'],
    [charts.bridge, minimal, 'config.nats.partitions=many', 'partitions'],
    [charts.bridge, minimal, 'config.nats.partitions=2000', 'partitions'],
    [charts.bridge, minimal, 'networkPolicy.enabled=maybe', 'enabled'],
    [charts.bridge, minimal, 'nats.bundled.replicas=2', 'replicas'],
    [charts.bridge, minimal, 'podSecurity.runAsUser=0', 'runAsUser'],
    [charts.bridge, minimal, 'image.tag=latest', 'tag'],
    [charts.bridge, minimal, 'migration.image.digest=sha256:abc', 'digest'],
    [charts.bridge, minimal, 'exposure.kind=gateway', 'kind'],
    [charts.bridge, minimal, 'asIngress.autoscaling.kind=keda', 'kind'],
    [charts.bridge, minimal, 'nats.bundled.password.value=1short', 'value'],
    [charts.bridge, minimal, 'messengerProxy.enable=true', 'enable'],
    [charts.bridge, minimal, 'messengerProxy.list=no-jws', 'list'],
    [charts.bridge, minimal, 'config.proxy.inboundPort=8080', 'inboundPort'],
    [charts.bridge, minimal, 'config.proxy.profile=gematik', 'profile'],
    // Both forms of a credential, and half of one.
    [charts.bridge, minimal, 'secrets.homeserver.asToken.value=both', 'asToken'],
    [charts.bridge, minimal, 'postgres.certificateAuthority.secret=alone', 'certificateAuthority'],
    [charts.federation, single, 'organisation.vvt.serverName=x', 'organisation'],
    [charts.federation, single, 'organisations.vvt.servername=x', 'servername'],
    [charts.federation, single, 'organisations.vvt.element.enable=true', 'enable'],
    [charts.federation, single, 'organisations.zuid.publicBaseUrl=https://zuid.example', 'serverName'],
    [charts.federation, single, 'organisations.vvt.serverName=https://vvt.example', 'serverName'],
    [charts.federation, single, 'organisations.vvt.appservices[0].secret=x', 'appservices'],
    [charts.federation, single, 'organisations.vvt.workers.replicas=none', 'replicas'],
    [charts.federation, single, 'images.synapse.tag=latest', 'tag'],
    [charts.federation, single, 'federation.whitelist=x', 'whitelist'],
  ])('%s refuses them by name: %s %s', (chart, values, setting, name) => {
    const { ok, output } = template(chart, values, '--set', setting);
    expect(ok).toBe(false);
    expect(output).toContain('schema');
    expect(output).toContain(name);
  });

  it.each([
    [charts.bridge, minimal, 'image.registry=', 'image.registry is required'],
    [charts.bridge, minimal, 'config.fhir.baseUrl=', 'config.fhir.baseUrl'],
    [charts.bridge, minimal, 'secrets.encryption.key={}', 'secrets.encryption.key is required'],
    [charts.bridge, minimal, 'secrets.notifications={}', 'secrets.notifications.secrets is required'],
    [charts.bridge, minimal, 'postgres.user=null', 'postgres.user is required'],
    [charts.bridge, minimal, 'cloudnativepg.enabled=true', 'choose one database'],
    [charts.bridge, minimal, 'nats.bundled.enabled=false', 'nats.external.url is required'],
    [charts.bridge, minimal, 'exposure.kind=ingress', 'exposure.fhirIngress.host is required'],
    [
      charts.bridge,
      notNew,
      'exposure.httpRoute.parentRefs=null',
      'exposure.httpRoute.parentRefs is required',
    ],
    [charts.bridge, notNew, 'fhirMapper.autoscaling.maxReplicas=33', 'above config.nats.partitions (32)'],
    [charts.bridge, notNew, 'config.nats.partitions=8', 'above config.nats.partitions (8)'],
    [charts.bridge, notNew, 'fhirMapper.autoscaling.minReplicas=17', 'minReplicas is above maxReplicas'],
    [charts.bridge, notNew, 'keda.prometheus.serverAddress=', 'keda.prometheus.serverAddress is required'],
    [charts.bridge, minimal, 'messengerProxy.enabled=true', 'messengerProxy.list is required'],
    [charts.bridge, guarded, 'secrets.proxy.listKey={}', 'secrets.proxy.listKey is required'],
    [charts.bridge, guarded, 'secrets.proxy.adminToken={}', 'secrets.proxy.adminToken is required'],
    [
      charts.bridge,
      guarded,
      'secrets.proxy.outboundKey={}',
      'are required for config.proxy.outbound intercept',
    ],
    [charts.bridge, guarded, 'exposure.messengerProxy.host=', 'exposure.messengerProxy.host is required'],
    [charts.bridge, guarded, 'messengerProxy.autoscaling.minReplicas=7', 'minReplicas is above maxReplicas'],
    [charts.federation, single, 'organisations=null', 'organisations is empty'],
    [charts.federation, single, 'organisations.b.serverName=vvt.example', 'which another organisation has'],
    [charts.federation, single, 'organisations.vvt.element.enabled=true', 'element.host is required'],
    [
      charts.federation,
      single,
      'organisations.vvt.database.bundled.enabled=false',
      'database.external.host is required',
    ],
  ])(
    '%s says in a sentence what is missing or does not go together: %s %s',
    (chart, values, setting, sentence) => {
      const { ok, output } = template(
        chart,
        values,
        setting.endsWith('{}') ? '--set-json' : '--set',
        setting,
      );
      expect(ok).toBe(false);
      expect(output).toContain(sentence);
    },
  );
});
