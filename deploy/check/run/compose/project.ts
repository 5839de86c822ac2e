import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type ComposeModel, composeModel, isOneShot } from '../../compose/compose-model';
import { Container, JOB_WITHIN_MS } from '../container';
import { forward } from '../forward';
import { unwell, untilHealthy } from '../health';
import { host } from '../host';
import { Wiring } from '../networks';
import { problemAfter } from '../until-well';
import { type Layout, layOut } from './layout';
import { type RunnableService, containerSpec } from './services';

const LONG = 1_000;

type Milestone = 'service_started' | 'service_healthy' | 'service_completed_successfully';

/** What is chosen of the project. */
export interface Choice {
  /** Settings in the place of those of `.env`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Services of the profiles tim and monitoring that are started as well, as by `docker compose up <name>`. */
  readonly also?: readonly string[];
}

/** The Compose project of deploy/compose: `run --rm`, `up`, `restart`, `down`. */
export class ComposeProject {
  /** Of this project alone: another run of the same machine has its own. */
  readonly data = mkdtempSync(join(host().state, 'data-'));
  #model: ComposeModel;
  readonly #layout: Layout;
  readonly #wiring: Wiring;
  readonly #containers = new Map<string, Container>();
  readonly #milestones = new Map<string, Promise<void>>();
  readonly #published: { close: () => void }[] = [];
  readonly #also: readonly string[];
  #env: Readonly<Record<string, string>>;

  /** Makes the networks. Nothing runs yet. */
  constructor({ env = {}, also = [] }: Choice = {}) {
    chmodSync(this.data, 0o755);
    this.#also = also;
    this.#env = { DATA_DIR: this.data, ...env };
    this.#model = modelOf(this.#env);
    this.#layout = layOut(this.#model, this.services);
    this.#wiring = new Wiring(this.#layout.networks, this.#layout.places);
    this.#wiring.make();
  }

  /** Services that `up` starts: without those of a profile that nobody has chosen. */
  get services(): string[] {
    return Object.keys(this.#model.services).filter(
      (name) => this.#also.includes(name) || !this.#service(name).profiles?.length,
    );
  }

  /** Other settings, for what is started from now on. Networks are as they were made. */
  configure(env: Readonly<Record<string, string>>): void {
    this.#env = { ...this.#env, ...env };
    this.#model = modelOf(this.#env);
  }

  /** `docker compose run --rm <name> [<word>...]`. @returns what it wrote @throws Error when it ends with another status than 0 */
  async run(name: string, ...command: string[]): Promise<string> {
    const container = this.#create(name, command);
    const before = container.logTail(LONG).length;
    container.start();
    await untilDone(container);
    return container.logTail(LONG).slice(before);
  }

  /** `docker compose up --detach --wait [<name>...]`: each when those that it depends on are so far. */
  async up(...names: string[]): Promise<void> {
    const wanted = names.length > 0 ? names : this.services;
    await this.#wiring.serveNames(this.#layout.nameServers);
    await this.#publish(wanted);
    await Promise.all(wanted.map((name) => this.#reached(name, this.#lastMilestone(name))));
  }

  container(name: string): Container {
    const container = this.#containers.get(name);
    if (!container) throw new Error(`${name} was not started`);
    return container;
  }

  /** Address of a container in a network; not given: in its first. */
  address(name: string, network?: string): string {
    const place = this.#layout.places.find((each) => each.name === name);
    const found = place?.addresses.find((each) => network === undefined || each.network.name === network);
    if (!found) throw new Error(`${name} has no address in ${network ?? 'any network'}`);
    return found.address;
  }

  /** What is wrong with the containers that `up` has started, by name; empty when all is well. */
  async problems(): Promise<Record<string, string>> {
    const found = await Promise.all(
      this.services
        .filter((name) => this.#milestones.has(`${name} service_started`) && !isOneShot(this.#service(name)))
        .map(async (name): Promise<[string, string | undefined]> => {
          const container = this.container(name);
          if (!container.runs) return [name, `has ended\n${container.logTail()}`];
          const { healthcheck } = this.#service(name);
          if (!healthcheck?.test) return [name, undefined];
          return [name, await problemAfter(healthcheck.retries ?? 3, () => unwell(container, healthcheck))];
        }),
    );
    return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined));
  }

  /** `docker compose restart <name>`, until it is healthy again. `between` is done while it is away. */
  async restart(name: string, between?: () => Promise<void>): Promise<number> {
    const container = this.container(name);
    const status = await container.stop();
    await between?.();
    container.start();
    await untilHealthy(container, this.#service(name).healthcheck ?? {});
    return status;
  }

  /** The ends of the logs of all containers whose names match. */
  logTails(names: RegExp): string {
    const matching = [...this.#containers].filter(([name]) => names.test(name));
    return matching.map(([, container]) => container.logTail()).join('\n');
  }

  /** Kills what runs, and removes the networks. */
  async down(): Promise<void> {
    for (const each of this.#published) each.close();
    const running = [...this.#containers.values()].filter(({ runs }) => runs);
    for (const each of running) each.signal('SIGKILL');
    await Promise.all(running.map(({ exited }) => exited));
    this.#wiring.remove();
  }

  #service(name: string): RunnableService {
    const service = this.#model.services[name];
    if (!service) throw new Error(`The project has no service ${name}`);
    return service;
  }

  #lastMilestone(name: string): Milestone {
    const service = this.#service(name);
    if (isOneShot(service)) return 'service_completed_successfully';
    return service.healthcheck?.test ? 'service_healthy' : 'service_started';
  }

  #create(name: string, command: readonly string[] = []): Container {
    const place = this.#layout.places.find((each) => each.name === name);
    if (!place) throw new Error(`The project has no service ${name}`);
    const spec = containerSpec(name, this.#model, place, command.length > 0 ? command : undefined);
    const container = new Container(spec);
    this.#containers.set(name, container);
    return container;
  }

  #reached(name: string, milestone: Milestone): Promise<void> {
    const key = `${name} ${milestone}`;
    let promise = this.#milestones.get(key);
    if (!promise) {
      promise = this.#reach(name, milestone);
      promise.catch(() => undefined); // told by whoever waits for all
      this.#milestones.set(key, promise);
    }
    return promise;
  }

  async #reach(name: string, milestone: Milestone): Promise<void> {
    const service = this.#service(name);
    if (milestone === 'service_started') {
      const needed = Object.entries(service.depends_on ?? {});
      await Promise.all(needed.map(([other, { condition }]) => this.#reached(other, condition as Milestone)));
      this.#create(name).start();
      return;
    }
    await this.#reached(name, 'service_started');
    const container = this.container(name);
    if (milestone === 'service_healthy') return untilHealthy(container, service.healthcheck ?? {});
    await untilDone(container);
  }

  async #publish(names: readonly string[]): Promise<void> {
    for (const name of names) {
      for (const { host_ip: address = '0.0.0.0', published, target } of this.#service(name).ports ?? []) {
        const to = { address: this.address(name), port: target };
        this.#published.push(await forward({ address, port: Number(published) }, () => [to]));
      }
    }
  }
}

/** The profiles add what `run` starts, and `up` leaves alone. */
function modelOf(env: Readonly<Record<string, string>>): ComposeModel {
  return composeModel({ profiles: ['init', 'tools', 'tim', 'monitoring'], env });
}

/** @throws Error when a program that ends by itself does so with another status than 0, or not in time */
async function untilDone(container: Container): Promise<void> {
  const status = await container.endedWithin(JOB_WITHIN_MS);
  if (status !== 0) throw new Error(`${container.spec.name} ended with ${status}\n${container.logTail()}`);
}
