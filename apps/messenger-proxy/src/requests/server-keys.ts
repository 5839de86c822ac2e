import type { KeyObject } from 'node:crypto';
import { TransientError } from '@bridge/contracts';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ed25519Key, isSignedBy } from '@bridge/signed-json';

/** Finds the public keys of homeservers. */
export interface ServerKeys {
  /**
   * @param keyId such as `ed25519:a_abc`
   * @returns undefined where the server has no such key
   * @throws TransientError where it could not be asked
   */
  find(server: string, keyId: string): Promise<KeyObject | undefined>;
}

const keyResponse = z.object({
  server_keys: z.array(
    z.looseObject({
      server_name: z.string(),
      valid_until_ts: z.number(),
      verify_keys: z.record(z.string(), z.object({ key: z.string() })),
      signatures: z.record(z.string(), z.record(z.string(), z.string())),
    }),
  ),
});
type Answer = z.infer<typeof keyResponse>['server_keys'][number];

/** Specification, "Publishing Keys": no longer than seven days, whatever the server says. */
const LONGEST_MS = 7 * 24 * 3_600_000;
/** How long it is remembered that a server has no such key: nobody can have us ask for each request. */
const ABSENT_MS = 60_000;
const MAX_KEYS = 10_000;

/**
 * Asks our homeserver as a notary (`POST /_matrix/key/v2/query`). Asked for one key it fetches what it does not have; asked
 * for all it would tell what it knows and no more.
 * @returns the JSON of its answer
 */
export type AskNotary = (server: string, keyId: string) => Promise<unknown>;

/**
 * The keys of other homeservers, by way of our own: as a notary it knows where a server is, what its certificate has to
 * be, and whom it may ask at all. It need not be trusted: a server's keys are signed by the server itself.
 */
export class NotarizedKeys implements ServerKeys {
  private readonly known = new LRUCache<string, KeyObject>({ max: MAX_KEYS });
  /** By itself: names of keys can be made up without end, and push no key out. */
  private readonly absent = new LRUCache<string, true>({ max: MAX_KEYS, ttl: ABSENT_MS });
  private readonly underWay = new Map<string, Promise<KeyObject | undefined>>();

  constructor(
    private readonly ask: AskNotary,
    private readonly now: () => number = Date.now,
  ) {}

  async find(server: string, keyId: string): Promise<KeyObject | undefined> {
    const id = `${server} ${keyId}`;
    const known = this.known.get(id);
    if (known || this.absent.has(id)) return known;
    const underWay = this.underWay.get(id) ?? this.fetch(server, keyId, id);
    this.underWay.set(id, underWay);
    return underWay.finally(() => this.underWay.delete(id));
  }

  private async fetch(server: string, keyId: string, id: string): Promise<KeyObject | undefined> {
    const parsed = keyResponse.safeParse(await this.ask(server, keyId));
    if (!parsed.success) {
      throw new TransientError('proxy-keys', 'The homeserver answered for keys with something else', {
        advice: 'the homeserver does not answer /_matrix/key/v2/query as specified',
      });
    }
    for (const each of parsed.data.server_keys) {
      const key = each.server_name === server ? ownKey(each, keyId) : undefined;
      const left = Math.min(each.valid_until_ts - this.now(), LONGEST_MS);
      if (key && left > 0) {
        this.known.set(id, key, { ttl: left });
        return key;
      }
    }
    this.absent.set(id, true);
    return undefined;
  }
}

/** The key, where the server has signed its keys with it. */
function ownKey(answer: Answer, keyId: string): KeyObject | undefined {
  const key = ed25519Key(answer.verify_keys[keyId]?.key);
  const signature = answer.signatures[answer.server_name]?.[keyId];
  return key && signature !== undefined && isSignedBy(answer, key, signature) ? key : undefined;
}
