import { readFileSync } from 'node:fs';
import type { Config } from '@bridge/platform';
import type { ClientRules } from './inbound/client-calls';
import type { OtherCalls } from './inbound/inbound-proxy';
import { defaultPermissions } from './invites/permission-config';
import { type ClientRule, clientRoutes, guardedClientRoutes } from './routes/client-routes';
import type { Route } from './routes/route-table';

const DAY_MS = 24 * 3_600_000;
/** A_28564-01. */
const ORPHANED_ROOM_DAYS = 14;
/** A type of rooms of gematik's that clients must not make (A_26515). */
const TIM_ROOM_TYPE = 'de.gematik.tim.roomtype.default.v2';

/** Who may invite people here. */
export type InvitePolicy = 'listed' | 'permissions' | 'contacts';

/** What a profile and the settings beside it come to. */
export interface Profile {
  readonly clientRules: ClientRules;
  readonly clientRoutes: readonly Route<ClientRule>[];
  readonly otherClientCalls: OtherCalls;
  readonly invites: InvitePolicy;
  /** Not set: not served. */
  readonly contactsPort?: number;
  readonly informationPort?: number;
  /** After how long a room that was never used is removed, in milliseconds; not set: never. */
  readonly orphanedRoomMs?: number;
}

/** @throws RouteTableError where the file of PROXY_ALLOW_LIST has mistakes */
export function profileOf(proxy: Config['proxy']): Profile {
  const tim = proxy.profile === 'tim';
  const otherClientCalls = proxy.otherClientCalls ?? (tim ? 'refuse' : 'forward');
  return {
    otherClientCalls,
    clientRoutes: otherClientCalls === 'forward' ? guardedClientRoutes() : clientRoutes(tableOf(proxy)),
    invites: proxy.invites ?? (tim ? 'permissions' : 'listed'),
    contactsPort: proxy.contactsPort ?? (tim ? 8070 : undefined),
    informationPort: proxy.informationPort ?? (tim ? 7777 : undefined),
    // 0 is no time, but a no.
    orphanedRoomMs: (proxy.orphanedRoomMs ?? (tim ? ORPHANED_ROOM_DAYS * DAY_MS : 0)) || undefined,
    clientRules: {
      versions: proxy.roomVersions ?? (tim ? ['10', '9'] : []),
      invites: tim ? 1 : Infinity,
      publicRoomsStayHere: tim,
      forbiddenTypes: tim ? [TIM_ROOM_TYPE] : [],
      versionCeiling: proxy.versionCeiling ?? (tim ? 'v1.11' : undefined),
      strictMessages: tim,
      redactionLimitMs: DAY_MS,
      permissions: defaultPermissions(proxy.inviteDefault),
    },
  };
}

function tableOf({ allowList }: Config['proxy']): string | undefined {
  return allowList === undefined ? undefined : readFileSync(allowList, 'utf8');
}
