import { CLIENT_TABLE } from './client-table';
import { parseRoutes, type Route } from './route-table';

/** What the proxy looks at in a call of a client. */
export const CLIENT_RULES = [
  'forward',
  'versions',
  'create-room',
  'invite',
  'upgrade',
  'state',
  'send',
  'redact',
  'register',
  'presence',
  'media',
  'public-rooms',
  'account-data-put',
  'account-data-get',
  'logout',
  'well-known',
] as const;
export type ClientRule = (typeof CLIENT_RULES)[number];

/**
 * Forms of the same calls that homeservers take although no client of today uses them, with a transaction id at the end
 * or without one; Synapse takes an empty one as well. Where everything is forwarded that no rule forbids, the rules have
 * to know them.
 */
const OTHER_FORMS = `
PUT    /_matrix/client/v3/createRoom/{txnId}                     create-room
PUT    /_matrix/client/v3/rooms/{roomId}/invite/{txnId}          invite
PUT    /_matrix/client/v3/createRoom/                            create-room
PUT    /_matrix/client/v3/rooms/{roomId}/invite/                 invite
GET    /_matrix/client/v1/media/download/{serverName}/{mediaId}/ media
GET    /_matrix/client/v1/media/download/{serverName}/           media
GET    /_matrix/client/v1/media/thumbnail/{serverName}/          media
GET    /_matrix/media/v3/download/{serverName}/{mediaId}/        media
GET    /_matrix/media/v3/download/{serverName}/                  media
GET    /_matrix/media/v3/thumbnail/{serverName}/                 media
POST   /_matrix/client/v3/rooms/{roomId}/send/{type}             send
PUT    /_matrix/client/v3/rooms/{roomId}/send/{type}/            send
PUT    /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/       redact
POST   /_matrix/client/v3/rooms/{roomId}/redact/{eventId}        redact
`;

/** The routes of the table that is given, or of Matrix 1.11. */
export function clientRoutes(table = CLIENT_TABLE): Route<ClientRule>[] {
  return parseRoutes(table, CLIENT_RULES);
}

/** The routes that have a rule, for where all others are forwarded. */
export function guardedClientRoutes(): Route<ClientRule>[] {
  return [...clientRoutes(), ...parseRoutes(OTHER_FORMS, CLIENT_RULES)].filter(
    ({ rule }) => rule !== 'forward',
  );
}

const VERSION =
  /^\/_matrix\/(client|media)\/(?:api\/v1|r0|v\d+|unstable(?:\/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)?)\//;

/**
 * The path of a call as the table of routes has it, whatever version of the API is asked for: a homeserver answers to
 * several (Synapse: `api/v1`, `r0`, `v3`, `unstable`), and the rules hold for all.
 */
export function withoutVersion(path: string): string {
  const media = /\/media\/(download|thumbnail)\//.test(path);
  return path.replace(VERSION, (_whole, api: string) =>
    api === 'media' || !media ? `/_matrix/${api}/v3/` : '/_matrix/client/v1/',
  );
}
