/*
 * What the tests read of Kubernetes' objects. The whole form of each is checked by strict-types.ts.
 */

export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string }; fieldRef?: { fieldPath: string } };
}

export interface Probe {
  httpGet?: { port: number | string; path: string };
  tcpSocket?: { port: number | string };
  exec?: { command: string[] };
}

export interface Container {
  name: string;
  image: string;
  env?: EnvironmentVariable[];
  ports?: { name: string; containerPort: number; protocol: string }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  securityContext?: Record<string, unknown>;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

export interface Volume {
  name: string;
  secret?: { secretName: string; items?: { key: string; path: string }[] };
  configMap?: { name: string; items?: { key: string; path: string }[] };
  projected?: {
    sources: {
      secret?: { name: string; items: { key: string; path: string }[] };
      configMap?: { name: string; items: { key: string; path: string }[] };
    }[];
  };
}

export interface PodTemplate {
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  spec: {
    automountServiceAccountToken?: boolean;
    enableServiceLinks?: boolean;
    serviceAccountName?: string;
    hostNetwork?: boolean;
    hostPID?: boolean;
    hostIPC?: boolean;
    securityContext?: Record<string, unknown>;
    topologySpreadConstraints?: { topologyKey: string; labelSelector: Selector }[];
    terminationGracePeriodSeconds?: number;
    initContainers?: Container[];
    containers: Container[];
    volumes?: Volume[];
  };
}

/** An object that makes pods, and the pods. */
export interface Workload {
  object: KubernetesObject;
  /** `Deployment care-bridge-as-ingress`, for messages. */
  title: string;
  isJob: boolean;
  pod: PodTemplate;
  /** All of them, those of the start first. */
  containers: Container[];
  /** Names of volumes that come from claims. */
  claims: string[];
}

export function titleOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.name}`;
}

export function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject[] {
  return objects.filter((object) => object.kind === kind);
}

export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'].includes(kind))
    .map((object) => {
      const { template, volumeClaimTemplates = [] } = object.spec as {
        template: PodTemplate;
        volumeClaimTemplates?: KubernetesObject[];
      };
      return {
        object,
        title: titleOf(object),
        isJob: object.kind === 'Job',
        pod: template,
        containers: [...(template.spec.initContainers ?? []), ...template.spec.containers],
        claims: volumeClaimTemplates.map(({ metadata }) => metadata.name),
      };
    });
}

export interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: unknown[];
}

/** Whether a selector means these labels. matchExpressions are not used in these charts. */
export function selects(selector: Selector | undefined, labels: Record<string, string> = {}): boolean {
  if (selector?.matchExpressions) throw new Error('matchExpressions are not understood here');
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}
