import type { FederationList } from './federation-list';

/** Where the list comes from. @returns undefined where there is nothing newer than this version */
export type FetchList = (newerThan: number | undefined) => Promise<string | undefined>;

/** What outlives the process. */
export interface ListStore {
  load(): Promise<{ jws: string; confirmedAt: Date } | undefined>;
  /** The list was fetched, or found to be the newest. */
  save(list: { jws: string; confirmedAt: Date }): Promise<void>;
}

/** The list was confirmed too long ago, or there is none: nobody else is let in or called. */
export class ListOutdated extends Error {}

export interface ListKeeperOptions {
  readonly fetch: FetchList;
  readonly read: (jws: string) => Promise<FederationList>;
  readonly store: ListStore;
  /** How long a list counts after it was last confirmed, in milliseconds. */
  readonly timeToLiveMs: number;
  /** The least time between two refreshes because of a server that is not in the list, in milliseconds. */
  readonly missPauseMs: number;
  readonly now?: () => number;
  readonly report: (event: 'refreshed' | 'unchanged' | 'failed', detail: string) => void;
}

/**
 * Keeps the newest list there is. Its version only grows; one that cannot be believed leaves the last one in force, until
 * its time to live is over.
 */
export class ListKeeper {
  private list: FederationList | undefined;
  private jws = '';
  private confirmedAt = 0;
  private lastMiss = -Infinity;
  private underWay: Promise<void> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: ListKeeperOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Takes the list of the last run, and then a newer one if there is one. A failure is reported, not thrown. */
  async start(): Promise<void> {
    const stored = await this.options.store.load();
    if (stored) {
      await this.options.read(stored.jws).then(
        (list) => this.take(list, stored.jws, stored.confirmedAt.getTime()),
        (error: Error) => this.options.report('failed', `The list of the last run: ${error.message}`),
      );
    }
    await this.refresh();
  }

  /** @throws ListOutdated */
  current(): FederationList {
    const { list } = this;
    const ended = list?.validUntil !== undefined && list.validUntil.getTime() <= this.now();
    if (!list || ended || this.ageMs() > this.options.timeToLiveMs) {
      throw new ListOutdated('The federation list is missing or outdated');
    }
    return list;
  }

  /**
   * Whether a server is in the list. For one that is not the list is fetched anew, as it may have come in since (A_25537).
   * @throws ListOutdated
   */
  async isListed(serverName: string): Promise<boolean> {
    if (this.current().find(serverName)) return true;
    if (this.now() - this.lastMiss < this.options.missPauseMs && !this.underWay) return false;
    this.lastMiss = this.now();
    await this.refresh();
    return this.current().find(serverName) !== undefined;
  }

  /** Since the list was last confirmed, in milliseconds; Infinity without one. */
  ageMs(): number {
    return this.list ? this.now() - this.confirmedAt : Infinity;
  }

  /** 0 without a list. */
  version(): number {
    return this.list?.version ?? 0;
  }

  /** Fetches what is newer; several calls at once are one. A failure is reported, not thrown. */
  refresh(): Promise<void> {
    this.underWay ??= this.fetchNewer()
      .catch((error: Error) => this.options.report('failed', error.message))
      .finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async fetchNewer(): Promise<void> {
    const jws = await this.options.fetch(this.list?.version);
    if (jws === undefined || jws === this.jws) return this.confirm();
    const list = await this.options.read(jws);
    const present = this.list?.version ?? -1;
    if (list.version < present) {
      throw new Error(`The list that was fetched has version ${list.version}, older than ${present}`);
    }
    await this.options.store.save({ jws, confirmedAt: new Date(this.now()) });
    this.take(list, jws, this.now());
    this.options.report('refreshed', `version ${list.version}, ${list.size} homeservers`);
  }

  private async confirm(): Promise<void> {
    if (!this.list) throw new Error('There is no list yet, and nothing was fetched');
    await this.options.store.save({ jws: this.jws, confirmedAt: new Date(this.now()) });
    this.confirmedAt = this.now();
    this.options.report('unchanged', `version ${this.list.version}`);
  }

  private take(list: FederationList, jws: string, confirmedAt: number): void {
    this.list = list;
    this.jws = jws;
    this.confirmedAt = confirmedAt;
  }
}
