import { z } from 'zod';
import { bridgeConfig, bridgeSecrets } from './bridge-settings';
import {
  common,
  credential,
  digest,
  exposure,
  image,
  labels,
  part,
  podExtras,
  port,
  resources,
  secretKey,
  serviceMonitor,
  storage,
  tag,
} from './shapes';

const replicas = z.int().min(1);
const percent = z.int().min(1).max(100);
const bridgeImage = part({ name: z.string().min(1), digest });
const cpu = { minReplicas: replicas, maxReplicas: replicas, targetCPUUtilizationPercentage: percent };

const process = {
  replicas,
  image: bridgeImage,
  resources,
  podDisruptionBudget: part({
    enabled: z.boolean(),
    maxUnavailable: z.union([z.int().min(1), z.string().regex(/^\d+%$/)]),
  }),
  ...podExtras,
  podLabels: labels,
};
const ingress = part({ ...process, autoscaling: part({ kind: z.enum(['none', 'hpa']), ...cpu }) });
const guard = part({
  ...process,
  enabled: z.boolean(),
  /** A JWS in its compact form. */
  list: z.string().regex(/^([\w-]+\.[\w-]+\.[\w-]+\s*)?$/),
  autoscaling: part({ kind: z.enum(['none', 'hpa']), ...cpu }),
});
const worker = part({
  ...process,
  autoscaling: part({
    kind: z.enum(['none', 'hpa', 'keda']),
    ...cpu,
    messagesPerReplica: z.int().min(1),
    fallbackReplicas: replicas,
    pollingInterval: z.int().min(1),
    cooldownPeriod: z.int().min(1),
  }),
});

const probe = part({
  periodSeconds: z.int().min(1),
  failureThreshold: z.int().min(1),
  timeoutSeconds: z.int().min(1),
  initialDelaySeconds: z.int().min(0),
});
const ports = z.array(port);
const route = part({ enabled: z.boolean(), host: z.string() });
const peers = z.array(part({ podSelector: z.any(), namespaceSelector: z.any(), ipBlock: z.any() }));
/** It goes into a URL and into nats.conf, where a value that begins with a digit may be taken for a number. */
const natsPassword = credential.clone().meta({
  anyOf: [
    { maxProperties: 0 },
    {
      required: ['value'],
      maxProperties: 1,
      properties: { value: { pattern: '^[A-Za-z][A-Za-z0-9_-]{15,}$' } },
    },
    { required: ['secret', 'secretKey'], maxProperties: 2 },
  ],
});

const natsBundled = part({
  enabled: z.boolean(),
  replicas: z.literal([1, 3, 5]),
  image,
  storage: part({ ...storage, limit: z.string().min(1) }),
  memoryLimit: z.string().min(1),
  resources,
  password: natsPassword,
  priorityClassName: z.string(),
});
const natsUrl = /^((nats|tls):\/\/[^\s,@]+(,(nats|tls):\/\/[^\s,@]+)*)?$/;
const natsExternal = part({
  url: z.string().regex(natsUrl),
  monitoringUrls: z.string().regex(/^(https?:\/\/[^\s,]+(,https?:\/\/[^\s,]+)*)?$/),
  replicas: z.literal([1, 3, 5]),
  user: z.string(),
  password: credential,
});

/** The values of the chart fhir-matrix-bridge. */
export function bridgeValues() {
  return part({
    ...common,
    image: part({
      registry: z.string(),
      tag: z.union([z.literal(''), tag]),
      pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']),
      pullSecrets: z.array(z.string()),
    }),
    config: bridgeConfig(),
    secrets: bridgeSecrets(),
    extraCertificateAuthorities: secretKey,
    asIngress: ingress,
    fhirIngress: ingress,
    fhirMapper: worker,
    roomManager: worker,
    messengerProxy: guard,
    migration: part({
      job: part({
        enabled: z.boolean(),
        backoffLimit: z.int().min(0),
        activeDeadlineSeconds: z.int().min(1),
      }),
      image: bridgeImage,
      resources,
    }),
    keda: part({ prometheus: part({ serverAddress: z.string(), authenticationRef: z.string() }) }),
    postgres: part({
      host: credential,
      port: credential,
      database: credential,
      user: credential,
      password: credential,
      sslMode: z.enum(['verify-full', 'no-verify', 'disable']),
      certificateAuthority: secretKey,
    }),
    cloudnativepg: part({
      enabled: z.boolean(),
      instances: z.int().min(1),
      image,
      database: z.string().min(1),
      owner: z.string().min(1),
      storage: part(storage),
      resources,
      operatorNamespace: z.string().min(1),
      extraSpec: z.looseObject({}),
    }),
    nats: part({ bundled: natsBundled, external: natsExternal }),
    registration: part({ enabled: z.boolean(), url: z.string() }),
    exposure: part({
      ...exposure,
      fhirIngress: route,
      asIngress: route,
      jwks: route,
      messengerProxy: route,
    }),
    networkPolicy: part({
      enabled: z.boolean(),
      peers: part({
        dns: peers,
        homeserver: peers,
        ingressController: peers,
        fhirServer: peers,
        prometheus: peers,
        toHomeserver: peers,
        toFhir: peers,
        toPostgres: peers,
        toNats: peers,
        toTracing: peers,
        toFederation: peers,
      }),
      extraPorts: part({
        homeserver: ports,
        fhir: ports,
        postgres: ports,
        nats: ports,
        tracing: ports,
        federation: ports,
      }),
    }),
    serviceAccount: part({ name: z.string(), annotations: labels }),
    probes: part({ startup: probe, liveness: probe, readiness: probe }),
    monitoring: part({
      serviceMonitor,
      prometheusRule: part({
        enabled: z.boolean(),
        labels,
        runbookUrl: z.string().min(1),
        disabled: z.array(z.string()),
      }),
      dashboards: part({ enabled: z.boolean(), labels, annotations: labels }),
    }),
  });
}
