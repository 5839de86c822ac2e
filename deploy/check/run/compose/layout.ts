import type { ComposeModel } from '../../compose/compose-model';
import { type NameServer, type Network, type Place, addressIn } from '../networks';
import { DOCKER_DNS } from './services';

/** The networks of a project, with an address for each container, and what each of them may know of the others. */
export interface Layout {
  readonly networks: readonly Network[];
  readonly places: readonly Place[];
  readonly nameServers: readonly NameServer[];
}

interface NetworkModel {
  readonly internal?: boolean;
  readonly ipam?: { readonly config?: readonly { readonly subnet?: string }[] };
}

/** Where Docker takes subnets from that are not given. */
const poolSubnet = (index: number): string => `172.20.${index}.0/24`;

/** @param running who has a name: the engine knows containers that run, and no others */
export function layOut({ services, networks }: ComposeModel, running: readonly string[]): Layout {
  const all = Object.entries(networks as Record<string, NetworkModel>).map(
    ([name, { internal = false, ipam }], index): Network => ({
      name,
      internal,
      subnet: ipam?.config?.[0]?.subnet ?? poolSubnet(index),
    }),
  );
  const taken = new Map(all.map((network) => [network.name, 1]));
  const places = Object.entries(services).map(([name, service]): Place => {
    const own = all.filter((network) => network.name in (service.networks ?? {}));
    const addresses = own.map((network) => {
      const number = (taken.get(network.name) ?? 1) + 1;
      taken.set(network.name, number);
      return { network, address: addressIn(network.subnet, number) };
    });
    return { name, addresses };
  });
  const named = places.filter(({ name }) => running.includes(name));
  const nameServers = places
    .filter(({ addresses }) => addresses.length > 0)
    .map((place) => ({
      namespace: place.name,
      address: DOCKER_DNS,
      names: namesFor(place, named, services),
    }));
  return { networks: all, places, nameServers };
}

/** Names and aliases of those that share a network with a container, by their addresses in that network. */
function namesFor(
  { addresses: own }: Place,
  places: readonly Place[],
  services: ComposeModel['services'],
): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const { network } of own) {
    for (const { name, addresses } of places) {
      const there = addresses.find((each) => each.network === network);
      const aliases = services[name]?.networks?.[network.name]?.aliases ?? [];
      if (there) for (const each of new Set([name, ...aliases])) (names[each] ??= []).push(there.address);
    }
  }
  return names;
}
