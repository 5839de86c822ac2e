import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Container, type ContainerSpec, type ExitStatus } from '../container';
import { host } from '../host';
import { OWN_NAME, imageOf } from '../images';
import { type Mount, tmpfs } from '../mounts';
import type { PodContainer, Probe, WantedPod } from './objects';
import type { Store } from './store';
import type { PodVolumes } from './volumes';

/** Where Kubernetes waits for 10 s and more: here nobody waits for what another pod needs to be there. */
const RESTART_PAUSE_MS = 1_000;
const PROBE_PAUSE_MS = 500;
const JOB_WITHIN_MS = 120_000;
/** Whatever certificate it shows: the kubelet looks at none. */
const kubelet = new Agent({ connect: { rejectUnauthorized: false } });

/** What a pod needs to know of the cluster. */
export interface PodPlace {
  readonly address: string;
  readonly store: Store;
  readonly volumes: PodVolumes;
  /** /etc/hosts and /etc/resolv.conf. */
  readonly etc: readonly Mount[];
  readonly apiServer: string;
}

/** A pod: its containers of the start one after the other, and then its container; with probes and restarts as the kubelet has them. */
export class Pod {
  readonly containers: readonly Container[];
  /** How often the kubelet started a container again. */
  restarts = 0;
  #ready = false;
  #stopped = false;

  constructor(
    readonly wanted: WantedPod,
    readonly place: PodPlace,
  ) {
    const { initContainers = [], containers } = wanted.spec;
    if (containers.length !== 1) throw new Error(`${wanted.name}: one container in a pod is known here`);
    this.containers = [...initContainers, ...containers].map((each) => new Container(this.#spec(each)));
  }

  get name(): string {
    return this.wanted.name;
  }

  /** Whether Services send here. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The container that the pod is there for. */
  get main(): Container {
    return this.containers.at(-1) as Container;
  }

  /** Starts it, and waits until it is ready. @throws Error when the startup probe has failed too often */
  async start(): Promise<void> {
    this.#stopped = false;
    for (const container of this.containers.slice(0, -1)) await this.#untilDone(container);
    const { startupProbe, readinessProbe, livenessProbe } = this.wanted.spec.containers[0] as PodContainer;
    void this.#keepRunning();
    await this.#untilPasses(startupProbe, 'startup');
    await this.#untilPasses(readinessProbe, 'readiness');
    this.#ready = true;
    await this.#untilPasses(livenessProbe, 'liveness');
  }

  /** Runs the pod of a Job to its end. */
  async runJob(): Promise<ExitStatus> {
    this.main.start();
    return Promise.race([this.main.exited, setTimeout(JOB_WITHIN_MS, 124, { ref: false })]);
  }

  /** Ends it as the kubelet does. */
  async stop(): Promise<ExitStatus> {
    this.#stopped = true;
    this.#ready = false;
    return this.main.stop();
  }

  kill(): Promise<unknown> {
    this.#stopped = true;
    this.#ready = false;
    const running = this.containers.filter(({ runs }) => runs);
    for (const container of running) container.signal('SIGKILL');
    return Promise.all(running.map(({ exited }) => exited));
  }

  /** What is wrong with it by its own probes, or undefined. */
  async problem(): Promise<string | undefined> {
    if (!this.main.runs) return `${this.name} does not run\n${this.main.logTail()}`;
    const { livenessProbe, readinessProbe } = this.wanted.spec.containers[0] as PodContainer;
    for (const probe of [livenessProbe, readinessProbe]) {
      const problem = probe && (await this.#ask(probe));
      if (problem) return `${this.name}: ${problem}`;
    }
    return undefined;
  }

  async #untilDone(container: Container): Promise<void> {
    const from = performance.now();
    for (;;) {
      container.start();
      if ((await container.exited) === 0 || this.#stopped) return;
      this.restarts += 1;
      if (performance.now() - from > JOB_WITHIN_MS) throw new Error(container.logTail());
      await setTimeout(RESTART_PAUSE_MS);
    }
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopped) {
      this.main.start();
      await this.main.exited;
      if (this.#stopped) return;
      this.#ready = false;
      this.restarts += 1;
      await setTimeout(RESTART_PAUSE_MS);
    }
  }

  async #untilPasses(probe: Probe | undefined, kind: string): Promise<void> {
    if (!probe) return;
    const { periodSeconds = 10, failureThreshold = 3, timeoutSeconds = 1 } = probe;
    // The startup probe limits a start; readiness, which fails while others are away, is given as long.
    const limitMs =
      kind === 'readiness' ? 60_000 : failureThreshold * (periodSeconds + timeoutSeconds) * 1_000;
    const from = performance.now();
    for (;;) {
      const problem = await this.#ask(probe);
      if (problem === undefined) return;
      if (performance.now() - from > limitMs) {
        throw new Error(`${this.name} fails its ${kind} probe: ${problem}\n${this.main.logTail()}`);
      }
      await setTimeout(PROBE_PAUSE_MS);
    }
  }

  async #ask({ httpGet, exec, timeoutSeconds = 1 }: Probe): Promise<string | undefined> {
    if (exec) {
      const { status, output } = await this.main.exec(exec.command, timeoutSeconds * 1_000);
      return status === 0 ? undefined : `status ${status} ${output}`;
    }
    if (!httpGet) throw new Error(`${this.name} has a probe of a kind that is not known here`);
    const { path, port, scheme = 'HTTP' } = httpGet;
    const url = `${scheme.toLowerCase()}://${this.place.address}:${portOf(this.wanted, port)}${path}`;
    try {
      const ms = timeoutSeconds * 1_000;
      const answer = await request(url, { dispatcher: kubelet, headersTimeout: ms, bodyTimeout: ms });
      const body = await answer.body.text();
      return answer.statusCode < 400 ? undefined : `${answer.statusCode} ${body.slice(0, 300)}`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #spec(container: PodContainer): ContainerSpec {
    const { name, spec } = this.wanted;
    const image = imageOf(container.image);
    const environment = { ...image.environment, ...this.#environment(container) };
    const expanded = (words: string[]): string[] => words.map((word) => expand(word, environment));
    const { command, args } = container;
    const { runAsUser = 0, runAsGroup = 0 } = spec.securityContext ?? {};
    const words = [...(command ?? image.entrypoint), ...(args ?? (command ? [] : image.command))];
    return {
      name: `${name}.${container.name}`,
      network: name,
      hostname: name,
      mounts: [
        ...image.mounts,
        ...this.place.etc,
        tmpfs('/dev/shm', 'mode=1777,nosuid,nodev,size=64m'),
        ...this.place.volumes.mounts(container),
      ],
      readOnlyRoot: container.securityContext?.readOnlyRootFilesystem === true,
      user: host().isRoot || runAsUser !== 0 ? { uid: runAsUser, gid: runAsGroup } : { uid: 0, gid: 0 },
      capabilities: [],
      sysctls: {},
      environment,
      workingDirectory: image.workingDirectory,
      argv: expanded(words.map((word) => word.replace(OWN_NAME, name))),
      stopSignal: 'SIGTERM',
      stopGraceMs: (spec.terminationGracePeriodSeconds ?? 30) * 1_000,
    };
  }

  #environment({ env = [] }: PodContainer): Record<string, string> {
    const [address = '', port = ''] = this.place.apiServer.split(':');
    const found: Record<string, string> = {};
    for (const { name, value, valueFrom } of env) {
      const { secretKeyRef, fieldRef } = valueFrom ?? {};
      if (secretKeyRef) found[name] = this.place.store.value('Secret', secretKeyRef.name, secretKeyRef.key);
      else if (fieldRef?.fieldPath === 'metadata.name') found[name] = this.wanted.name;
      else if (value !== undefined) found[name] = expand(value, found);
      else throw new Error(`${this.wanted.name}: the variable ${name} is of a kind that is not known here`);
    }
    return { KUBERNETES_SERVICE_HOST: address, KUBERNETES_SERVICE_PORT: port, ...found };
  }
}

/** Number of a port of a pod, by its number or name. @throws Error when no container has the name */
export function portOf({ name, spec }: WantedPod, port: number | string): number {
  if (typeof port === 'number') return port;
  const found = spec.containers.flatMap(({ ports = [] }) => ports).find((each) => each.name === port);
  if (!found) throw new Error(`${name} has no port ${port}`);
  return found.containerPort;
}

/** $(NAME) of a variable that comes before it; one that is not known stays. */
function expand(text: string, known: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\((\w+)\)/g, (whole, name: string) => known[name] ?? whole);
}
