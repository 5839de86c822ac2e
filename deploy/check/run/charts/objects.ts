import { join } from 'node:path';
import { charts } from '../../helm/chart-files';
import type {
  Container as PlainContainer,
  KubernetesObject,
  Probe as PlainProbe,
} from '../../helm/kubernetes-object';
import { objectsOf, root, template } from '../../helm/rendered-charts';

/** What a run reads of a probe. */
export interface Probe extends PlainProbe {
  readonly httpGet?: { port: number | string; path: string; scheme?: string };
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

export interface PodContainer extends PlainContainer {
  readonly command?: string[];
  readonly args?: string[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
}

interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

export interface PodVolume {
  readonly name: string;
  readonly configMap?: Items & { readonly name: string; readonly defaultMode?: number };
  readonly secret?: Items & { readonly secretName: string; readonly defaultMode?: number };
  readonly emptyDir?: object;
  readonly projected?: {
    readonly defaultMode?: number;
    readonly sources: readonly {
      readonly secret?: Items & { readonly name: string };
      readonly configMap?: Items & { readonly name: string };
    }[];
  };
}

export interface PodSpec {
  readonly initContainers?: readonly PodContainer[];
  readonly containers: readonly PodContainer[];
  readonly volumes?: readonly PodVolume[];
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: {
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly fsGroup?: number;
  };
  readonly terminationGracePeriodSeconds?: number;
}

export interface ServiceSpec {
  readonly clusterIP?: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly targetPort: number | string;
  }[];
}

/** A pod that is to run, of whatever makes it. */
export interface WantedPod {
  readonly name: string;
  /** Deployment, StatefulSet or Job. */
  readonly kind: string;
  readonly owner: string;
  /** Of a StatefulSet: the Service below which the pod has a name of its own. */
  readonly serviceName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly claims: readonly string[];
  readonly spec: PodSpec;
}

/**
 * `helm template` of both charts with the values beside this file.
 * @param more arguments for the bridge's chart, such as --set
 * @throws Error with helm's words
 */
export function renderedObjects(...more: string[]): KubernetesObject[] {
  return (['federation', 'bridge'] as const).flatMap((chart) => {
    const values = join(__dirname, `${chart}-values.yaml`).replace(`${root}/`, '');
    const { ok, output, rendered } = template(charts[chart], values, ...(chart === 'bridge' ? more : []));
    if (!ok) throw new Error(output);
    return objectsOf(rendered);
  });
}

/** The pods of all workloads, a Job's once. */
export function wantedPods(objects: readonly KubernetesObject[]): WantedPod[] {
  return objects.flatMap(({ kind, metadata, spec = {} }) => {
    if (!['Deployment', 'StatefulSet', 'Job'].includes(kind)) return [];
    const {
      replicas,
      serviceName,
      template: pod,
      volumeClaimTemplates,
    } = spec as {
      replicas?: number;
      serviceName?: string;
      template: { metadata: { labels: Record<string, string> }; spec: PodSpec };
      volumeClaimTemplates?: KubernetesObject[];
    };
    return Array.from({ length: kind === 'Job' ? 1 : (replicas ?? 1) }, (_, index) => ({
      name: `${metadata.name}-${index}`,
      kind,
      owner: metadata.name,
      serviceName,
      labels: pod.metadata.labels,
      claims: (volumeClaimTemplates ?? []).map((claim) => claim.metadata.name),
      spec: pod.spec,
    }));
  });
}
