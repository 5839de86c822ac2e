import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { serverBinary } from '../../local/src/project-root';
import { runOnHost } from './container';
import { host } from './host';

/** A network that containers are in: a bridge, at which the host is as well, with the first address. */
export interface Network {
  readonly name: string;
  /** Such as 172.30.3.0/24. */
  readonly subnet: string;
  /** Leads nowhere: containers that are in no other network have no route to anywhere else. */
  readonly internal: boolean;
}

/** A container, or a pod, in its networks. */
export interface Place {
  /** Name of its network namespace. */
  readonly name: string;
  readonly addresses: readonly { readonly network: Network; readonly address: string }[];
}

/** Whom a DNS server answers for what. */
export interface NameServer {
  /** Not set: in the host's own network. */
  readonly namespace?: string;
  readonly address: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** The address with this number in a subnet. */
export function addressIn(subnet: string, number: number): string {
  const [address = '', bits = '24'] = subnet.split('/');
  const base = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  if (number >= 2 ** (32 - Number(bits)) - 1) throw new Error(`${subnet} has no address ${number}`);
  const value = base + number;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

export const gatewayOf = ({ subnet }: Network): string => addressIn(subnet, 1);
const bitsOf = ({ subnet }: Network): string => subnet.split('/')[1] ?? '24';

/** Networks and namespaces, made and to be removed. */
export class Wiring {
  #dns: ChildProcess | undefined;

  constructor(
    private readonly networks: readonly Network[],
    private readonly places: readonly Place[],
  ) {}

  /** Makes bridges, namespaces and the links between them. */
  make(): void {
    const bridge = (network: Network): string => `bridge${this.networks.indexOf(network)}`;
    const lines = [
      ...this.networks.flatMap((network) => [
        `link add ${bridge(network)} type bridge`,
        `addr add ${gatewayOf(network)}/${bitsOf(network)} dev ${bridge(network)}`,
        `link set ${bridge(network)} up`,
      ]),
      ...this.places.flatMap(({ name, addresses }, index) => [
        `netns add ${name}`,
        ...addresses.flatMap(({ network }, at) => [
          `link add v${index}-${at} type veth peer name eth${at} netns ${name}`,
          `link set v${index}-${at} master ${bridge(network)} up`,
        ]),
      ]),
    ];
    runOnHost('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    for (const place of this.places) this.#furnish(place);
  }

  /** Starts the DNS server for these. */
  async serveNames(servers: readonly NameServer[]): Promise<void> {
    const plan = join(host().state, 'dns.json');
    writeFileSync(plan, JSON.stringify(servers));
    mkdirSync(join(host().state, 'logs'), { recursive: true });
    const log = openSync(join(host().state, 'logs/dns.log'), 'a');
    const child = spawn(serverBinary('python'), ['-IS', join(__dirname, 'dns.py'), plan], {
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    this.#dns = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('The DNS server of the containers did not start: logs/dns.log');
    });
    await Promise.race([once(child.stdout as Readable, 'data'), ended]);
    ended.catch(() => undefined);
  }

  /** Removes everything again. */
  remove(): void {
    this.#dns?.kill('SIGKILL');
    const lines = [
      // By themselves: those of a namespace that is gone are gone a moment later, and others may want the names.
      ...this.places.flatMap(({ addresses }, index) => addresses.map((_, at) => `link del v${index}-${at}`)),
      ...this.places.map(({ name }) => `netns del ${name}`),
      ...this.networks.map((_, index) => `link del bridge${index}`),
    ];
    runOnHost('ip', ['-force', '-batch', '-'], `${lines.join('\n')}\n`);
  }

  #furnish({ name, addresses }: Place): void {
    const out = addresses.find(({ network }) => !network.internal);
    const lines = [
      'link set lo up',
      ...addresses.flatMap(({ network, address }, at) => [
        `addr add ${address}/${bitsOf(network)} dev eth${at}`,
        `link set eth${at} up`,
      ]),
      ...(out ? [`route add default via ${gatewayOf(out.network)}`] : []),
    ];
    runOnHost('ip', ['-netns', name, '-batch', '-'], `${lines.join('\n')}\n`);
  }
}
