import { Agent, request } from 'undici';
import type { Container } from '../container';
import type { Probe, WantedPod } from './objects';

/** Whatever certificate it shows: the kubelet looks at none. */
const kubelet = new Agent({ connect: { rejectUnauthorized: false } });
const MS = 1_000;

/** Readiness fails while others are away, and Kubernetes sets it no limit. */
const READY_WITHIN_MS = 60_000;

/** Asks once, as the kubelet does. @returns what is wrong, or undefined @throws Error for a kind that is not known here */
export async function askProbe(
  { httpGet, exec, timeoutSeconds = 1 }: Probe,
  pod: WantedPod,
  address: string,
  container: Container,
): Promise<string | undefined> {
  if (exec) {
    const { status, output } = await container.exec(exec.command, timeoutSeconds * MS);
    return status === 0 ? undefined : `status ${status} ${output}`;
  }
  if (!httpGet) throw new Error(`${pod.name} has a probe of a kind that is not known here`);
  const { path, port, scheme = 'HTTP' } = httpGet;
  const url = `${scheme.toLowerCase()}://${address}:${portOf(pod, port)}${path}`;
  const limits = { headersTimeout: timeoutSeconds * MS, bodyTimeout: timeoutSeconds * MS };
  try {
    const answer = await request(url, { dispatcher: kubelet, ...limits });
    const body = await answer.body.text();
    return answer.statusCode < 400 ? undefined : `${answer.statusCode} ${body.slice(0, 300)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Milliseconds that a start may take by the probe of this kind. */
export function limitOf(kind: 'startup' | 'readiness' | 'liveness', probe: Probe): number {
  const { periodSeconds = 10, failureThreshold = 3, timeoutSeconds = 1 } = probe;
  return kind === 'readiness' ? READY_WITHIN_MS : failureThreshold * (periodSeconds + timeoutSeconds) * MS;
}

/** Number of a port of a pod, by its number or name. @throws Error when no container has the name */
export function portOf({ name, spec }: WantedPod, port: number | string): number {
  if (typeof port === 'number') return port;
  const found = spec.containers.flatMap(({ ports = [] }) => ports).find((each) => each.name === port);
  if (!found) throw new Error(`${name} has no port ${port}`);
  return found.containerPort;
}
