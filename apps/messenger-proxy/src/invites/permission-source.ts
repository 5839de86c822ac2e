import { type PermissionConfig, PERMISSION_TYPE, parsePermissions } from './permission-config';
import { Remembered } from './remembered';

/** Reads all account data of somebody here. @returns undefined where there is no such user @throws where it could not be read */
export type ReadAccountData = (userId: string) => Promise<Readonly<Record<string, unknown>> | undefined>;

const MAX_USERS = 100_000;

/**
 * Who may invite whom, by what people have set. Read from the homeserver, and remembered for a while; what somebody sets
 * through this proxy counts at once.
 */
export class PermissionSource {
  private readonly known: Remembered<PermissionConfig>;
  /** Counts what was forgotten: an answer that was asked for before is not remembered. */
  private epoch = 0;

  /** @param keepMs how long an answer is remembered, in milliseconds */
  constructor(
    private readonly read: ReadAccountData,
    private readonly fallback: PermissionConfig,
    keepMs: number,
  ) {
    this.known = new Remembered(MAX_USERS, keepMs);
  }

  /** @returns undefined for nobody, and for what cannot be understood: nobody may invite them then */
  async of(userId: string): Promise<PermissionConfig | undefined> {
    const known = this.known.get(userId);
    if (known) return known;
    const { epoch } = this;
    const data = await this.read(userId);
    if (!data) return undefined;
    const content = data[PERMISSION_TYPE];
    const config = content === undefined ? this.fallback : parsePermissions(content);
    if (config && epoch === this.epoch) this.known.set(userId, config);
    return config;
  }

  /** Whether this is what holds for those who have said nothing, and not somebody's own word. */
  isDefault(config: PermissionConfig): boolean {
    return config === this.fallback;
  }

  /** Somebody has set it anew. */
  forget(userId: string): void {
    this.epoch += 1;
    this.known.delete(userId);
  }
}
