import { UserId } from '@bridge/contracts';
import { botUserId, isOwnUser } from '@bridge/matrix';
import type { Config } from '@bridge/platform';

/** Printable ASCII without space: what the bridge's own ids are made of. Postgres refuses text with a NUL in it. */
const PRINTABLE = /^[!-~]+$/;
const ROOM_ALIAS = /^#([^:]+):(.+)$/;

/** Which ids can be the bridge's at all: those on its own homeserver, in its namespace. */
export class OwnNamespace {
  readonly bot: UserId;

  constructor(private readonly matrix: Config['matrix']) {
    this.bot = botUserId(matrix);
  }

  /** Whether a user is one of the bridge's: a ghost or the bot. The same localpart on another server is not. */
  hasUser(userId: string): boolean {
    return isOwnUser(userId, this.matrix);
  }

  /** The user id, if it is well formed and in the namespace. */
  userId(text: string): UserId | undefined {
    const userId = readableUserId(text);
    return userId && this.hasUser(userId) ? userId : undefined;
  }

  /** The localpart of a room alias, if it is well formed and on this server. */
  aliasLocalpart(alias: string): string | undefined {
    const [, localpart, server] = ROOM_ALIAS.exec(alias) ?? [];
    const ours = server === this.matrix.serverName && PRINTABLE.test(alias) && alias.length <= 255;
    return ours ? localpart : undefined;
  }

  /** The whole alias of what has this localpart here. */
  aliasOf(localpart: string): string {
    return `#${localpart}:${this.matrix.serverName}`;
  }
}

/** The user id, if it is well formed: of anybody, on any server. */
export function readableUserId(text: string): UserId | undefined {
  const parsed = UserId.safeParse(text);
  return parsed.success && PRINTABLE.test(text) ? parsed.data : undefined;
}
