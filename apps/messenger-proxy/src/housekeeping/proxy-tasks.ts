import type { InviteContactStore, TurnStore } from '@bridge/persistence';
import { profileOf } from '../profile';
import type { HomeserverClient } from '../homeserver-client';
import type { MessengerProxyConfig } from '../app.module';
import type { Task } from './housekeeping';
import { OrphanedRooms } from './orphaned-rooms';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ProxyTaskSources {
  readonly config: MessengerProxyConfig;
  readonly client: HomeserverClient;
  readonly contacts: InviteContactStore;
  readonly turns: TurnStore;
}

/** What a proxy clears away: contacts whose end is over, and rooms that nobody uses. */
export function proxyTasks({ config, client, contacts, turns }: ProxyTaskSources): Task[] {
  const ended: Task = {
    what: 'ended-contact',
    everyMs: HOUR_MS,
    remove: () => contacts.removeEnded(new Date()),
  };
  const { orphanedRoomMs } = profileOf(config.proxy);
  if (orphanedRoomMs === undefined) return [ended];
  const { ghostPrefix, serverName } = config.matrix;
  const orphans = new OrphanedRooms(client.admin, {
    oldMs: orphanedRoomMs,
    isKept: (creator) => creator.startsWith(`@${ghostPrefix}`) && creator.endsWith(`:${serverName}`),
  });
  // By the name of the homeserver: proxies of several may share a database.
  const turn = `orphaned-rooms ${serverName}`;
  return [
    ended,
    { what: 'orphaned-room', everyMs: DAY_MS, remove: () => turns.take(turn, () => orphans.remove()) },
  ];
}
