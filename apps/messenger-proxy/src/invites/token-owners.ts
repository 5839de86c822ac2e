import { createHash } from 'node:crypto';
import { Refusal } from '../requests/refusal';
import { Remembered } from './remembered';

/** Whose token it is, as the homeserver says: its status and its answer to GET whoami. */
export type AskWhoami = (token: string) => Promise<{ status: number; body: unknown }>;

const MAX_TOKENS = 100_000;

/**
 * Who makes a call, by its access token. The homeserver is asked, and its answer remembered for a while under a hash of
 * the token. A logout through this proxy is seen at once; one elsewhere when the time is over. What a token may do is
 * checked by the homeserver with each call in any case.
 */
export class TokenOwners {
  private readonly known: Remembered<string>;

  /** @param keepMs how long an answer is remembered, in milliseconds */
  constructor(
    private readonly ask: AskWhoami,
    keepMs: number,
  ) {
    this.known = new Remembered(MAX_TOKENS, keepMs);
  }

  /** @throws Refusal 401, as the homeserver would answer; 503 where it cannot be asked */
  async ownerOf(token: string | undefined): Promise<string> {
    if (token === undefined) throw new Refusal(401, 'M_MISSING_TOKEN', 'Missing access token.', 'token');
    const id = hashOf(token);
    const known = this.known.get(id);
    if (known !== undefined) return known;
    const { status, body } = await this.ask(token);
    const owner = status === 200 ? (body as { user_id?: unknown }).user_id : undefined;
    if (typeof owner === 'string') {
      this.known.set(id, owner);
      return owner;
    }
    if (status === 401) throw new Refusal(401, 'M_UNKNOWN_TOKEN', 'Unknown access token.', 'token');
    throw new Refusal(
      503,
      'M_UNKNOWN',
      'The homeserver cannot tell now who this is; repeat it later.',
      'token',
      {
        'retry-after': '5',
      },
    );
  }

  /** @param all all tokens of its owner as well */
  forget(token: string, all: boolean): void {
    const id = hashOf(token);
    const owner = this.known.get(id);
    this.known.delete(id);
    if (all && owner !== undefined) this.known.deleteAll(owner);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
