import { z } from 'zod';
import { isServerName } from '../requests/server-name';

/** A homeserver of the federation. */
export interface ListedServer {
  readonly domain: string;
  /** Whether its people are insured people and not professionals. */
  readonly isInsurance: boolean;
  /** Institution numbers (Institutionskennzeichen) by which clients find an insurance. */
  readonly ik: readonly string[];
  readonly telematikId?: string;
}

/** What the list says; fields that are not known here do no harm. */
const payload = z.looseObject({
  version: z.int().nonnegative(),
  /** Seconds since 1970 after which it says nothing any more (JWT's name for it). */
  exp: z.number().optional(),
  domainList: z.array(
    z.looseObject({
      domain: z.string().refine(isServerName),
      isInsurance: z.boolean().default(false),
      ik: z.array(z.string()).default([]),
      telematikID: z.string().optional(),
    }),
  ),
});

/** Who belongs to the federation, as one version of the list has it (gematik, I_VZD_TIM_Provider_Services). */
export class FederationList {
  private readonly byDomain: ReadonlyMap<string, ListedServer>;

  /** What it says of whom, to compare. */
  private readonly said: string;

  private constructor(
    readonly version: number,
    /** Not set: for as long as it can be refreshed. */
    readonly validUntil: Date | undefined,
    servers: readonly ListedServer[],
  ) {
    this.byDomain = new Map(servers.map((server) => [server.domain, server]));
    this.said = servers
      .map((server) => JSON.stringify(server))
      .sort()
      .join();
  }

  /** @throws Error that says what is wrong with it */
  static parse(content: unknown): FederationList {
    const { data, error } = payload.safeParse(content);
    if (!data) {
      const [first] = error.issues;
      throw new Error(
        `The federation list is not one: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}`,
      );
    }
    const servers = data.domainList.map(({ domain, isInsurance, ik, telematikID }) => ({
      domain,
      isInsurance,
      ik,
      telematikId: telematikID,
    }));
    return new FederationList(
      data.version,
      data.exp === undefined ? undefined : new Date(data.exp * 1_000),
      servers,
    );
  }

  /** Whether another list says the same of the same homeservers, whenever and by whom it was signed. */
  saysTheSameAs(other: FederationList): boolean {
    return this.said === other.said;
  }

  get size(): number {
    return this.byDomain.size;
  }

  find(serverName: string): ListedServer | undefined {
    return this.byDomain.get(serverName);
  }

  findByIk(ik: string): ListedServer | undefined {
    return [...this.byDomain.values()].find((server) => server.isInsurance && server.ik.includes(ik));
  }

  domains(): string[] {
    return [...this.byDomain.keys()];
  }
}
