import { UserId, serverOf } from '@bridge/contracts';
import { Config } from '@bridge/platform';

type Namespace = Pick<Config['matrix'], 'serverName' | 'ghostPrefix' | 'botLocalpart'>;

/** The bridge's bot: makes the Spaces and Rooms and outranks everybody in them. */
export function botUserId(matrix: Pick<Namespace, 'serverName' | 'botLocalpart'>): UserId {
  return UserId.parse(`@${matrix.botLocalpart}:${matrix.serverName}`);
}

/** Whether an event of this sender is our own work coming back: a ghost's or the bot's, on our server. */
export function isOwnUser(userId: string, matrix: Namespace): boolean {
  return userId.startsWith(`@${matrix.ghostPrefix}`) && serverOf(userId as UserId) === matrix.serverName;
}
