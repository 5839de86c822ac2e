import { z } from 'zod';

/*
 * What both charts' values are made of. Every key may be left out: values.yaml has all of them. What has to be said
 * all the same is checked by the charts themselves, in a sentence.
 */

/** A map of these keys and no others. */
export function part<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape).partial();
}

const name = z.string().min(1).max(253);

/** Where something is in a Secret that exists; empty for nowhere. */
export const secretKey = part({ secret: name, secretKey: name }).meta({
  id: 'secretKey',
  anyOf: [{ maxProperties: 0 }, { required: ['secret', 'secretKey'] }],
});

/** `{value}` or `{secret, secretKey}`, not both; empty for none. */
export const credential = part({ value: z.string().min(1), secret: name, secretKey: name }).meta({
  id: 'credential',
  anyOf: [
    { maxProperties: 0 },
    { required: ['value'], maxProperties: 1 },
    { required: ['secret', 'secretKey'], maxProperties: 2 },
  ],
});

/** An object of Kubernetes that the chart passes on unread. */
export const passedThrough = z.looseObject({}).meta({ id: 'passedThrough' });
export const passedThroughList = z.array(passedThrough);

/** Labels or annotations. */
export const labels = z.record(z.string(), z.string()).meta({ id: 'labels' });

const quantity = z.union([z.string().min(1), z.number()]);
const quantities = part({ cpu: quantity, memory: quantity, 'ephemeral-storage': quantity });
export const resources = part({ requests: quantities, limits: quantities }).meta({ id: 'resources' });

/** `sha256:…`; empty where the tag alone counts. */
export const digest = z.string().regex(/^(sha256:[0-9a-f]{64})?$/);

/** A tag that always means the same. */
export const tag = z
  .string()
  .regex(/^[\w][\w.-]{0,127}$/)
  .meta({ not: { enum: ['latest', 'main', 'master', 'edge', 'stable'] } });

export const image = part({ repository: z.string().min(1), tag, digest }).meta({ id: 'image' });

export const storage = { size: z.string().min(1), storageClass: z.string() };

export const port = z.int().min(1).max(65_535);

/** What a chart says about its pods as a whole. */
export const podSecurity = part({
  runAsUser: z.int().min(10_000),
  runAsGroup: z.int().min(10_000),
  fsGroup: z.int().min(10_000),
});

/** What can be said about the pods of one process. */
export const podExtras = {
  extraEnv: passedThroughList,
  extraVolumes: passedThroughList,
  extraVolumeMounts: passedThroughList,
  podAnnotations: labels,
  nodeSelector: labels,
  tolerations: passedThroughList,
  affinity: passedThrough,
  priorityClassName: z.string(),
};

const ingress = part({ className: z.string(), annotations: labels, tls: passedThroughList });
const httpRoute = part({ parentRefs: passedThroughList, annotations: labels });

/** How a chart is reached from outside. */
export const exposure = { kind: z.enum(['none', 'ingress', 'httpRoute']), ingress, httpRoute };

/** What is at the top of both charts. */
export const common = {
  nameOverride: z.string(),
  fullnameOverride: z.string(),
  commonLabels: labels,
  podSecurity,
  topologySpreadConstraints: passedThroughList,
  extraManifests: z.array(z.union([z.string(), passedThrough])),
};

export const serviceMonitor = part({ enabled: z.boolean(), interval: z.string(), labels });
