import { UserId } from '@bridge/contracts';

/** Printable ASCII without space: what the bridge's own ids are made of. Postgres refuses text with a NUL in it. */
const PRINTABLE = /^[!-~]+$/;
const ROOM_ALIAS = /^#([^:]+):(.+)$/;

/** Which ids can be the bridge's at all: those on its own homeserver, in its namespace. */
export class OwnNamespace {
  constructor(
    private readonly serverName: string,
    private readonly isOwnUser: (userId: string) => boolean,
  ) {}

  /** Whether a user is one of the bridge's: a ghost or the bot. The same localpart on another server is not. */
  hasUser(userId: string): boolean {
    return this.isOwnUser(userId);
  }

  /** The user id, if it is well formed and in the namespace. */
  userId(text: string): UserId | undefined {
    const parsed = UserId.safeParse(text);
    return parsed.success && PRINTABLE.test(text) && this.isOwnUser(text) ? parsed.data : undefined;
  }

  /** The localpart of a room alias, if it is well formed and on this server. */
  aliasLocalpart(alias: string): string | undefined {
    const [, localpart, server] = ROOM_ALIAS.exec(alias) ?? [];
    return server === this.serverName && PRINTABLE.test(alias) && alias.length <= 255 ? localpart : undefined;
  }
}
