import type { ContainerSpec } from '../container';
import { host } from '../host';
import { OWN_NAME, imageOf } from '../images';
import { type Mount, tmpfs } from '../mounts';
import type { PodContainer, WantedPod } from './objects';
import type { Store } from './store';
import type { PodVolumes } from './volumes';

/** What a pod needs to know of the cluster. */
export interface PodPlace {
  readonly address: string;
  readonly store: Store;
  readonly volumes: PodVolumes;
  /** /etc/hosts and /etc/resolv.conf. */
  readonly etc: readonly Mount[];
  readonly apiServer: string;
}

/** The container that the kubelet makes of one in a pod. @throws Error for what is not known here */
export function containerOf(container: PodContainer, pod: WantedPod, place: PodPlace): ContainerSpec {
  const { name, spec } = pod;
  const image = imageOf(container.image);
  const environment = { ...image.environment, ...environmentOf(container, pod, place) };
  const { command, args } = container;
  const { runAsUser = 0, runAsGroup = 0 } = spec.securityContext ?? {};
  const words = [...(command ?? image.entrypoint), ...(args ?? (command ? [] : image.command))];
  return {
    name: `${name}.${container.name}`,
    network: name,
    hostname: name,
    mounts: [
      ...image.mounts,
      ...place.etc,
      tmpfs('/dev/shm', 'mode=1777,nosuid,nodev,size=64m'),
      ...place.volumes.mounts(container),
    ],
    readOnlyRoot: container.securityContext?.readOnlyRootFilesystem === true,
    user: host().isRoot || runAsUser !== 0 ? { uid: runAsUser, gid: runAsGroup } : { uid: 0, gid: 0 },
    capabilities: [],
    sysctls: {},
    environment,
    workingDirectory: image.workingDirectory,
    argv: words.map((word) => expand(word.replace(OWN_NAME, name), environment)),
    stopSignal: 'SIGTERM',
    stopGraceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1_000,
  };
}

function environmentOf({ env = [] }: PodContainer, pod: WantedPod, place: PodPlace): Record<string, string> {
  const [address = '', port = ''] = place.apiServer.split(':');
  const found: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef, fieldRef } = valueFrom ?? {};
    if (secretKeyRef) found[name] = place.store.value('Secret', secretKeyRef.name, secretKeyRef.key);
    else if (fieldRef?.fieldPath === 'metadata.name') found[name] = pod.name;
    else if (value !== undefined) found[name] = expand(value, found);
    else throw new Error(`${pod.name}: the variable ${name} is of a kind that is not known here`);
  }
  return { KUBERNETES_SERVICE_HOST: address, KUBERNETES_SERVICE_PORT: port, ...found };
}

/** $(NAME) of a variable that comes before it; one that is not known stays. */
function expand(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => known[name] ?? whole);
}
