import type { Server } from 'node:https';
import type { CertificateAuthority } from '../../../local/src/certificate-authority';
import { type KubernetesObject, ofKind } from '../../helm/kubernetes-object';
import { Container, type ContainerSpec, runOnHost } from '../container';
import { etcFiles } from '../etc-files';
import { forward } from '../forward';
import type { Mount } from '../mounts';
import { type Network, type Place, Wiring, addressIn } from '../networks';
import { startApiServer } from './api-server';
import { type ServiceSpec, type WantedPod, wantedPods } from './objects';
import { Pod } from './pod';
import { portOf } from './probes';
import { Store } from './store';
import { PodVolumes } from './volumes';

const PODS: Network = { name: 'pods', subnet: '10.244.0.0/16', internal: false };
const SERVICES = '10.96.0.0/16';
const API = { address: addressIn(SERVICES, 1), port: 443 };
const DNS = addressIn(SERVICES, 10);
const NAMESPACE = 'care';
const DOMAIN = 'cluster.local';

/** What runs elsewhere in the cluster, by its DNS name without the domain: no object of the charts. */
export type Neighbours = Readonly<Record<string, (etc: readonly Mount[]) => ContainerSpec>>;

/** A Kubernetes cluster as far as the charts see it: pods, Services, DNS, an API server. One namespace, one node. */
export class Cluster {
  readonly store: Store;
  readonly pods: Pod[] = [];
  readonly neighbours = new Map<string, Container>();
  readonly #wanted: readonly WantedPod[];
  readonly #services: readonly { readonly name: string; readonly spec: ServiceSpec }[];
  readonly #places: readonly Place[];
  readonly #wiring: Wiring;
  readonly #token = 'example-of-the-token-of-a-service-account';
  readonly #closers: (() => void)[] = [];
  #api: Server | undefined;

  constructor(
    objects: readonly KubernetesObject[],
    private readonly authority: CertificateAuthority,
    private readonly others: Neighbours,
  ) {
    this.store = new Store(objects);
    this.#wanted = wantedPods(objects);
    this.#services = ofKind(objects, 'Service').map(({ metadata, spec }) => ({
      name: metadata.name,
      spec: spec as unknown as ServiceSpec,
    }));
    const names = [...this.#wanted.map(({ name }) => name), ...Object.keys(others)];
    this.#places = names.map((name, index) => ({
      name,
      addresses: [{ network: PODS, address: addressIn(PODS.subnet, index + 2) }],
    }));
    this.#wiring = new Wiring([PODS], this.#places);
  }

  /** Makes networks, Services and the API server, and starts the neighbours. */
  async open(): Promise<void> {
    this.#wiring.make();
    const addresses = [API.address, DNS, ...this.#services.map(({ name }) => this.serviceAddress(name))];
    const lines = addresses.map((address) => `addr add ${address}/32 dev lo`);
    runOnHost('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    await this.#wiring.serveNames([{ address: DNS, names: this.#names() }]);
    const certificate = await this.authority.issue({ dns: [], ip: [API.address] });
    this.#api = await startApiServer(API, certificate, this.#token, this.store);
    for (const { name, spec } of this.#services) await this.#serve(name, spec);
    for (const [name, make] of Object.entries(this.others)) {
      const container = new Container(make(this.#etc(name)));
      this.neighbours.set(name, container);
      container.start();
    }
  }

  /** Runs a Job once more or for the first time. @returns what it wrote */
  async runJob(owner: string): Promise<string> {
    const pod = this.#pod(this.#wantedOf(owner)[0] as WantedPod);
    const status = await pod.runJob();
    if (status !== 0) throw new Error(`The Job ${owner} ended with ${status}\n${pod.main.logTail()}`);
    return pod.main.logTail();
  }

  /** Starts the pods of the workloads whose names match, all at once, and waits until they are ready. */
  async start(owners: RegExp): Promise<void> {
    const wanted = this.#wanted.filter(({ kind, owner }) => kind !== 'Job' && owners.test(owner));
    const started = wanted.map((each) => this.#pod(each));
    this.pods.push(...started);
    await Promise.all(started.map((pod) => pod.start()));
  }

  /** Pods of the charts that nobody has started; those of Jobs left out. */
  get missing(): string[] {
    const started = new Set(this.pods.map(({ name }) => name));
    return this.#wanted.flatMap(({ kind, name }) => (kind === 'Job' || started.has(name) ? [] : [name]));
  }

  /** The pods of a workload. */
  podsOf(owner: string): Pod[] {
    return this.pods.filter(({ wanted }) => wanted.owner === owner);
  }

  serviceAddress(name: string): string {
    const index = this.#services.findIndex((each) => each.name === name);
    if (index < 0) throw new Error(`There is no Service ${name}`);
    return addressIn(SERVICES, 20 + index);
  }

  address(name: string): string {
    return this.#places.find((each) => each.name === name)?.addresses[0]?.address ?? '';
  }

  async close(): Promise<void> {
    for (const close of this.#closers) close();
    this.#api?.closeAllConnections();
    this.#api?.close();
    const others = [...this.neighbours.values()].filter(({ runs }) => runs);
    for (const container of others) container.signal('SIGKILL');
    await Promise.all([...this.pods.map((pod) => pod.kill()), ...others.map(({ exited }) => exited)]);
    this.#wiring.remove();
  }

  #wantedOf(owner: string): WantedPod[] {
    const found = this.#wanted.filter((each) => each.owner === owner);
    if (found.length === 0) throw new Error(`The charts make no ${owner}`);
    return found;
  }

  #pod(wanted: WantedPod): Pod {
    const account = { token: this.#token, authority: this.authority.certificatePem };
    return new Pod(wanted, {
      address: this.address(wanted.name),
      store: this.store,
      volumes: new PodVolumes(wanted, this.store, account),
      etc: this.#etc(wanted.name),
      apiServer: `${API.address}:${API.port}`,
    });
  }

  #etc(name: string): Mount[] {
    const search = [`${NAMESPACE}.svc.${DOMAIN}`, `svc.${DOMAIN}`, DOMAIN].join(' ');
    const resolver = `nameserver ${DNS}\nsearch ${search}\noptions ndots:5\n`;
    return etcFiles(name, [this.address(name)], resolver);
  }

  /** Those that a Service selects. */
  #selected({ selector }: ServiceSpec): WantedPod[] {
    const wanted = Object.entries(selector);
    return this.#wanted.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
  }

  #names(): Record<string, string[]> {
    const names: Record<string, string[]> = {};
    for (const { name, spec } of this.#services) {
      const pods = this.#selected(spec);
      const full = `${name}.${NAMESPACE}.svc.${DOMAIN}`;
      const headless = spec.clusterIP === 'None';
      names[full] = headless ? pods.map((pod) => this.address(pod.name)) : [this.serviceAddress(name)];
      for (const pod of pods) {
        if (pod.serviceName === name) names[`${pod.name}.${full}`] = [this.address(pod.name)];
      }
    }
    for (const name of Object.keys(this.others)) names[`${name}.${DOMAIN}`] = [this.address(name)];
    return names;
  }

  /** Hands connections to the Service on to its pods that are ready. */
  async #serve(name: string, spec: ServiceSpec): Promise<void> {
    if (spec.clusterIP === 'None') return;
    const names = new Set(this.#selected(spec).map((pod) => pod.name));
    for (const { port, targetPort } of spec.ports) {
      const { close } = await forward({ address: this.serviceAddress(name), port }, () =>
        this.pods
          .filter((pod) => pod.ready && names.has(pod.name))
          .map(({ wanted, place }) => ({ address: place.address, port: portOf(wanted, targetPort) })),
      );
      this.#closers.push(close);
    }
  }
}
