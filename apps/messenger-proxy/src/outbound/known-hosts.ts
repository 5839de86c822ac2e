import { LRUCache } from 'lru-cache';
import { isObject } from '../requests/json-body';
import { hostOf, isServerName } from '../requests/server-name';

/** Longer than a homeserver remembers a delegation (48 hours at most). */
const DELEGATION_MS = 3 * 24 * 3_600_000;
const MAX_DELEGATIONS = 10_000;
/** Servers that one place can stand for. */
const MAX_SERVERS_AT_A_PLACE = 100;

/** Where a connection leads, as far as it is proven: a name in a certificate, and a port. */
export interface Place {
  readonly name: string;
  readonly port: number;
}

/** Which homeservers can be at a place. */
export class KnownHosts {
  /** By what a homeserver's well-known file names, host and port where it names one: the homeservers. */
  private readonly delegations = new LRUCache<string, ReadonlySet<string>>({
    max: MAX_DELEGATIONS,
    ttl: DELEGATION_MS,
  });

  /** @param isListed whether a homeserver is in the list @param domains all that are */
  constructor(
    private readonly isListed: (server: string) => Promise<boolean>,
    private readonly domains: () => readonly string[],
  ) {}

  /** Whether a homeserver of the list without a port in its name has this name: only those have well-known files. */
  async isNameOfListed(name: string): Promise<boolean> {
    return this.namedBy({ name, port: 443 }).length > 0 || this.isListed(name.toLowerCase());
  }

  /** Whether this can be the place of some homeserver of the list. */
  async isOfListed(place: Place): Promise<boolean> {
    if (this.namedBy(place).length > 0) return true;
    for (const server of this.delegatedTo(place)) {
      if (await this.isListed(server)) return true;
    }
    // It may have come into the list since.
    return (
      (await this.isListed(place.name.toLowerCase())) ||
      this.isListed(`${place.name.toLowerCase()}:${place.port}`)
    );
  }

  /** Whether a homeserver can be at a place: by its name, or by what its well-known file has said. */
  isOf(place: Place, server: string): boolean {
    return isNamed(server, place) || this.delegatedTo(place).includes(server);
  }

  /**
   * Notes what a homeserver's `/.well-known/matrix/server` says. What it answers to is then bound to its name for as long
   * as others remember it.
   * @param name that was asked
   */
  noteDelegation(name: string, answer: unknown): void {
    const target = isObject(answer) ? answer['m.server'] : undefined;
    if (typeof target !== 'string' || !isServerName(target)) return;
    const place = target.toLowerCase();
    const servers = [...(this.delegations.get(place) ?? []), ...this.namedBy({ name, port: 443 })];
    if (servers.length > 0) this.delegations.set(place, new Set(servers.slice(0, MAX_SERVERS_AT_A_PLACE)));
  }

  private namedBy(place: Place): string[] {
    return this.domains().filter((domain) => isNamed(domain, place));
  }

  private delegatedTo({ name, port }: Place): string[] {
    const host = name.toLowerCase();
    return [`${host}:${port}`, host].flatMap((place) => [...(this.delegations.get(place) ?? [])]);
  }
}

/** A server name with a port is at that port; one without can be at any, which DNS (SRV) or a default says. */
function isNamed(server: string, { name, port }: Place): boolean {
  const host = hostOf(server);
  const hasPort = host.length < server.length;
  return host.toLowerCase() === name.toLowerCase() && (!hasPort || server.endsWith(`:${port}`));
}
