import { z } from 'zod';
import {
  common,
  credential,
  exposure,
  image,
  part,
  podExtras,
  port,
  resources,
  secretKey,
  serviceMonitor,
  storage,
} from './shapes';

const replicas = z.int().min(1);
const peers = z.array(part({ podSelector: z.any(), namespaceSelector: z.any(), ipBlock: z.any() }));
const serverName = z.string().regex(/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:\d{1,5})?$/);
const text = z.string().min(1);

/** A registration as a whole, or one whose tokens are elsewhere. */
const appservice = part({
  secret: text,
  secretKey: text,
  configMap: text,
  configMapKey: text,
  asToken: part({ secret: text, secretKey: text }).required(),
  hsToken: part({ secret: text, secretKey: text }).required(),
}).meta({
  anyOf: [
    { required: ['secret', 'secretKey'], maxProperties: 2 },
    { required: ['configMap', 'configMapKey', 'asToken', 'hsToken'], maxProperties: 4 },
  ],
});

const database = part({
  bundled: part({ enabled: z.boolean(), storage: part(storage), resources }),
  external: part({
    host: credential,
    port: credential,
    database: credential,
    user: credential,
    password: credential,
    sslMode: z.enum(['verify-full', 'require', 'disable']),
    certificateAuthority: secretKey,
  }),
  pool: part({ min: z.int().min(1), max: z.int().min(1) }),
});

const wellKnown = part({
  server: z.string(),
  contacts: z.array(
    part({
      role: z.enum(['m.role.admin', 'm.role.security']),
      emailAddress: text,
      matrixId: z.string().regex(/^@[^:]+:.+$/),
    }).required({ role: true }),
  ),
  supportPage: z.string(),
});

const organisation = {
  publicBaseUrl: z.string().regex(/^(https?:\/\/[^\s/]+\/?)?$/),
  serviceName: z.string(),
  appservices: z.array(appservice),
  credentials: part({
    signingKey: credential,
    macaroonSecretKey: credential,
    formSecret: credential,
    registrationSharedSecret: credential,
    workerReplicationSecret: credential,
    redisPassword: credential,
  }),
  database,
  media: part({ storage: part(storage), maxUploadSize: z.string().regex(/^\d+[KMG]$/) }),
  workers: part({ enabled: z.boolean(), replicas, resources }),
  element: part({ enabled: z.boolean(), host: z.string(), config: z.looseObject({}), resources }),
  gateway: part({ replicas, tlsSecret: z.string(), resources }),
  wellKnown,
  resources,
  extraConfig: z.looseObject({}),
  ...podExtras,
};

/** The values of the chart synapse-federation. */
export function federationValues() {
  return part({
    ...common,
    organisations: z.record(
      z.string().regex(/^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$/),
      part({ serverName, ...organisation }).required({ serverName: true }),
    ),
    defaults: part(organisation),
    federation: part({
      whitelist: z.array(serverName),
      certificateAuthority: secretKey,
      privateNetworks: z.array(z.string().regex(/^[0-9a-f.:]+(\/\d{1,3})?$/)),
    }),
    image: part({
      pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']),
      pullSecrets: z.array(z.string()),
    }),
    images: part({ synapse: image, postgres: image, valkey: image, nginx: image, element: image }),
    exposure: part(exposure),
    networkPolicy: part({
      enabled: z.boolean(),
      peers: part({
        dns: peers,
        gateway: peers,
        appservices: peers,
        toAppservices: peers,
        toFederation: peers,
        toPostgres: peers,
        prometheus: peers,
      }),
      appservicePorts: z.array(port),
      federationPorts: z.array(port),
      extraPostgresPorts: z.array(port),
      apiServerPorts: z.array(port),
    }),
    monitoring: part({ serviceMonitor }),
  });
}
