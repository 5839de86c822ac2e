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
  /** Checks a list as of a time, and reads it. @throws Error that says why it is not believed */
  readonly read: (jws: string, at: Date) => Promise<FederationList>;
  readonly store: ListStore;
  /** How long a list counts after it was last confirmed, in milliseconds. */
  readonly timeToLiveMs: number;
  /** The least time between two refreshes because of a server that is not in the list, in milliseconds. */
  readonly missPauseMs: number;
  readonly now?: () => number;
  readonly report: (event: 'refreshed' | 'unchanged' | 'failed', detail: string) => void;
}

/**
 * Keeps the newest list there is. Its version only grows, through restarts and among replicas; one that cannot be believed
 * leaves the last one in force, until its time to live is over.
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
    await this.takeStored((error) =>
      this.options.report('failed', `The list of the last run: ${error.message}`),
    );
    await this.refresh();
  }

  /** @throws ListOutdated */
  current(): FederationList {
    const { list } = this;
    if (!list || (this.leftMs() ?? 1) <= 0 || this.ageMs() > this.options.timeToLiveMs) {
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

  /** Until the list ends by its own word, in milliseconds; undefined for one that does not, and without one. */
  leftMs(): number | undefined {
    const until = this.list?.validUntil;
    return until && until.getTime() - this.now();
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
    // What this run cannot read, a run with other settings has left: it is no newer list for this one.
    await this.takeStored(() => undefined);
    const jws = await this.options.fetch(this.list?.version);
    const now = new Date(this.now());
    if (jws === undefined || jws === this.jws) return this.confirm(now);
    const list = await this.options.read(jws, now);
    this.requireNoOlder(list);
    await this.options.store.save({ jws, confirmedAt: now });
    this.take(list, jws, now);
    this.options.report('refreshed', `version ${list.version}, ${list.size} homeservers`);
  }

  /** Signed anew, a list may come again; with the same version and other words it may not: which one would count? */
  private requireNoOlder(list: FederationList): void {
    const present = this.list;
    if (!present || list.version > present.version) return;
    if (list.version < present.version) {
      throw new Error(`The list that was fetched has version ${list.version}, older than ${present.version}`);
    }
    if (!list.saysTheSameAs(present)) {
      throw new Error(
        `The list that was fetched has version ${list.version} as the last one, and says something else`,
      );
    }
  }

  /** It is the newest, and is believed now as it was when it came: its certificates may have ended since. */
  private async confirm(now: Date): Promise<void> {
    if (!this.list) throw new Error('There is no list yet, and nothing was fetched');
    await this.options.read(this.jws, now);
    await this.options.store.save({ jws: this.jws, confirmedAt: now });
    this.confirmedAt = now.getTime();
    this.options.report('unchanged', `version ${this.list.version}`);
  }

  /**
   * Takes the list that the last run or another replica has left, where it is a newer one. It is checked as of the time at
   * which it was confirmed: one that has ended since lets nobody in, but no older one comes after it.
   */
  private async takeStored(onUnreadable: (error: Error) => void): Promise<void> {
    const stored = await this.options.store.load();
    if (!stored || stored.jws === this.jws) return;
    const { jws, confirmedAt } = stored;
    const list = await this.options.read(jws, confirmedAt).catch(onUnreadable);
    if (list && list.version > (this.list?.version ?? -1)) this.take(list, jws, confirmedAt);
  }

  private take(list: FederationList, jws: string, confirmedAt: Date): void {
    this.list = list;
    this.jws = jws;
    this.confirmedAt = confirmedAt.getTime();
  }
}
