import { setTimeout } from 'node:timers/promises';
import { Container, type ExitStatus, JOB_WITHIN_MS } from '../container';
import { problemAfter, untilWell } from '../until-well';
import type { PodContainer, Probe, WantedPod } from './objects';
import { type PodPlace, containerOf } from './pod-container';
import { askProbe, limitOf } from './probes';

/** Where Kubernetes waits for 10 s and more: here nobody waits for what another pod needs to be there. */
const RESTART_PAUSE_MS = 1_000;
/** Whoever waits for others is there before: more would do nothing but take its time. */
const MOST_RESTARTS = 5;

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
    this.containers = [...initContainers, ...containers].map(
      (each) => new Container(containerOf(each, wanted, place)),
    );
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
    await this.#untilPasses('startup', startupProbe);
    await this.#untilPasses('readiness', readinessProbe);
    this.#ready = true;
    await this.#untilPasses('liveness', livenessProbe);
  }

  /** Runs the pod of a Job to its end. */
  async runJob(): Promise<ExitStatus> {
    this.main.start();
    return this.main.endedWithin(JOB_WITHIN_MS);
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
      const problem = probe && (await problemAfter(probe.failureThreshold ?? 3, () => this.#ask(probe)));
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

  async #untilPasses(kind: 'startup' | 'readiness' | 'liveness', probe: Probe | undefined): Promise<void> {
    if (!probe) return;
    await untilWell({
      name: this.name,
      state: `well by its ${kind} probe`,
      within: limitOf(kind, probe),
      ask: () => {
        // Nobody waits any more, and a run that has failed would not end.
        if (this.#stopped) throw new Error(`${this.name} was stopped`);
        if (this.restarts > MOST_RESTARTS) throw new Error(`${this.name} ended ${this.restarts} times`);
        return this.#ask(probe);
      },
      logTail: () => this.main.logTail(),
    });
  }

  #ask(probe: Probe): Promise<string | undefined> {
    return askProbe(probe, this.wanted, this.place.address, this.main);
  }
}
