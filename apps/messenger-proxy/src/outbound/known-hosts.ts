import { LRUCache } from 'lru-cache';
import { isObject } from '../requests/json-body';
import { hostOf, isServerName } from '../requests/server-name';

/** Longer than a homeserver remembers a delegation (48 hours at most). */
const DELEGATION_MS = 3 * 24 * 3_600_000;
const MAX_DELEGATIONS = 10_000;

/** Which homeservers can be behind a host name. */
export class KnownHosts {
  /** Servers by the host that their well-known file names. */
  private readonly delegations = new LRUCache<string, Set<string>>({ max: MAX_DELEGATIONS, ttl: DELEGATION_MS });

  /** @param isListed whether a homeserver is in the list @param domains all that are */
  constructor(
    private readonly isListed: (server: string) => Promise<boolean>,
    private readonly domains: () => readonly string[],
  ) {}

  /** Whether a homeserver of the list has this name, with whatever port. */
  async isNameOfListed(host: string): Promise<boolean> {
    const name = host.toLowerCase();
    if (this.domains().some((domain) => hostOf(domain).toLowerCase() === name)) return true;
    return this.isListed(name);
  }

  /** Whether this host can be that of some homeserver of the list. */
  async isOfListed(host: string): Promise<boolean> {
    if (await this.isNameOfListed(host)) return true;
    for (const server of this.delegations.get(host.toLowerCase()) ?? []) {
      if (await this.isListed(server)) return true;
    }
    return false;
  }

  /** Whether a homeserver can be at a host: by its name, or by what its well-known file has said. */
  isOf(host: string, server: string): boolean {
    const name = host.toLowerCase();
    return hostOf(server).toLowerCase() === name || (this.delegations.get(name)?.has(server) ?? false);
  }

  /**
   * Notes what a homeserver's `/.well-known/matrix/server` says. What it answers to is then bound to its name for as long
   * as others remember it.
   * @param host that was asked
   */
  noteDelegation(host: string, answer: unknown): void {
    const target = isObject(answer) ? answer['m.server'] : undefined;
    if (typeof target !== 'string' || !isServerName(target)) return;
    const delegated = hostOf(target).toLowerCase();
    const servers = this.delegations.get(delegated) ?? new Set<string>();
    for (const domain of this.domains()) {
      if (hostOf(domain).toLowerCase() === host.toLowerCase()) servers.add(domain);
    }
    if (servers.size > 0) this.delegations.set(delegated, servers);
  }
}
