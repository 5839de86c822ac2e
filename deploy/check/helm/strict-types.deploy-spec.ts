import type { KubernetesObject } from './kubernetes-object';
import { objectsOfVariant, variants } from './rendered-charts';
import { formMistakes } from './strict-types';

const configMap = (extra: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'of-the-test' },
  ...extra,
});

describe('The form of objects', () => {
  it('is that of Kubernetes, KEDA, the Gateway API, the Prometheus operator and CloudNativePG, with no unknown field', () => {
    expect(formMistakes(variants.flatMap(objectsOfVariant))).toEqual([]);
  });

  it('is refused with an unknown field, a wrong type, a missing field and an unknown kind', () => {
    const spec = {
      selector: {},
      template: { spec: { containers: [{ name: 'x', imagePulPolicy: 'Always' }] } },
    };
    const wrong = [
      configMap({ dta: {} }),
      configMap({ data: { port: 8080 } }),
      configMap({ kind: 'Service', spec: { ports: [{ name: 'http' }] } }),
      configMap({ apiVersion: 'apps/v1', kind: 'Deployment', spec }),
      configMap({
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        spec: { triggers: [], scaleTargetRef: { name: 'x' }, maxReplicas: 3 },
      }),
      configMap({
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        spec: { selector: {}, endpoints: [{ prot: 'http' }] },
      }),
      configMap({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', spec: { hostname: 'x' } }),
      configMap({
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        spec: { instances: 3, instance: 3 },
      }),
      configMap({ apiVersion: 'apps/v1', kind: 'Deploymnt' }),
    ];
    for (const object of wrong) expect(formMistakes([object])).toHaveLength(1);
  });
});
