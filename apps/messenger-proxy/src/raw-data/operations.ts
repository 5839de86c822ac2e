import { withoutVersion } from '../routes/client-routes';
import { RouteTable, isMatch, parseRoutes } from '../routes/route-table';

/**
 * What is reported of calls: the eleven use cases of gematik's, by the names under which the receiver of the reference
 * implementation knows them.
 */
export const OPERATIONS = {
  'login-types': 'MP_CLIENT_LOGIN_SUPPORTED_LOGIN_TYPES', // TIM.UC_10057_01
  login: 'MP_CLIENT_LOGIN_REQUEST_ACCESS_TOKEN', // TIM.UC_10057_02
  'openid-token': 'MP_CLIENT_LOGIN_REQUEST_OPENID_TOKEN', // TIM.UC_10057_03
  search: 'MP_INVITE_WITHIN_ORGANISATION_SEARCH', // TIM.UC_10104_01
  'invite-within': 'MP_INVITE_WITHIN_ORGANISATION_INVITE', // TIM.UC_10104_02
  event: 'MP_EXCHANGE_EVENT_WITHIN_ORGANISATION', // TIM.UC_10063_01
  contact: 'MP_INVITE_OUTSIDE_ORGANISATION_ADD_TO_CONTACT_MANAGEMENT_LIST', // TIM.UC_10061_01
  'invite-sent': 'MP_INVITE_OUTSIDE_ORGANISATION_INVITE_SENDER', // TIM.UC_10061_02
  'invite-received': 'MP_INVITE_OUTSIDE_ORGANISATION_INVITE_RECEIVER', // TIM.UC_10061_03
  'event-sent': 'MP_EXCHANGE_EVENT_OUTSIDE_ORGANISATION_SENDER', // TIM.UC_10062_01
  'event-received': 'MP_EXCHANGE_EVENT_OUTSIDE_ORGANISATION_RECEIVER', // TIM.UC_10062_02
} as const;
export type Operation = keyof typeof OPERATIONS;

/** Where a call comes in. */
export type Edge = 'inbound' | 'outbound' | 'contacts';

/** `invite` is one of two operations: whom it is for decides. */
const RULES = [...(Object.keys(OPERATIONS) as Operation[]), 'invite'] as const;

const INBOUND = `
GET    /_matrix/client/v3/login                                          login-types
POST   /_matrix/client/v3/login                                          login
POST   /_matrix/client/v3/user/{userId}/openid/request_token             openid-token
POST   /_matrix/client/v3/user_directory/search                          search
POST   /_matrix/client/v3/rooms/{roomId}/invite                          invite
POST   /_matrix/client/v3/rooms/{roomId}/upgrade                         event
POST   /_matrix/client/v3/rooms/{roomId}/join                            event
POST   /_matrix/client/v3/rooms/{roomId}/leave                           event
POST   /_matrix/client/v3/rooms/{roomId}/forget                          event
POST   /_matrix/client/v3/rooms/{roomId}/kick                            event
POST   /_matrix/client/v3/rooms/{roomId}/ban                             event
POST   /_matrix/client/v3/rooms/{roomId}/unban                           event
POST   /_matrix/client/v3/rooms/{roomId}/read_markers                    event
POST   /_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId} event
POST   /_matrix/client/v3/rooms/{roomId}/report/{eventId}                event
POST   /_matrix/client/v3/join/{room}                                    event
POST   /_matrix/client/v3/knock/{room}                                   event
GET    /_matrix/client/v3/joined_rooms                                   event
GET    /_matrix/client/v3/rooms/{roomId}/event/{eventId}                 event
GET    /_matrix/client/v3/rooms/{roomId}/context/{eventId}               event
GET    /_matrix/client/v3/rooms/{roomId}/state                           event
GET    /_matrix/client/v3/rooms/{roomId}/state/{type}                    event
GET    /_matrix/client/v3/rooms/{roomId}/state/{type}/                   event
GET    /_matrix/client/v3/rooms/{roomId}/state/{type}/{stateKey}         event
GET    /_matrix/client/v3/rooms/{roomId}/members                         event
GET    /_matrix/client/v3/rooms/{roomId}/joined_members                  event
GET    /_matrix/client/v3/rooms/{roomId}/messages                        event
GET    /_matrix/client/v3/rooms/{roomId}/aliases                         event
GET    /_matrix/client/v3/rooms/{roomId}/hierarchy                       event
GET    /_matrix/client/v3/rooms/{roomId}/relations/{eventId}             event
GET    /_matrix/client/v3/rooms/{roomId}/relations/{eventId}/{relType}   event
GET    /_matrix/client/v3/rooms/{roomId}/relations/{eventId}/{relType}/{eventType} event
PUT    /_matrix/client/v3/rooms/{roomId}/typing/{userId}                 event
PUT    /_matrix/client/v3/rooms/{roomId}/send/{type}/{txnId}             event
PUT    /_matrix/client/v3/rooms/{roomId}/state/{type}                    event
PUT    /_matrix/client/v3/rooms/{roomId}/state/{type}/                   event
PUT    /_matrix/client/v3/rooms/{roomId}/state/{type}/{stateKey}         event
PUT    /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}        event
GET    /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type} event
PUT    /_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type} event
GET    /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags              event
PUT    /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}        event
DELETE /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}        event
GET    /_matrix/client/v3/directory/room/{roomAlias}                     event
PUT    /_matrix/client/v3/directory/room/{roomAlias}                     event
DELETE /_matrix/client/v3/directory/room/{roomAlias}                     event
GET    /_matrix/client/v3/directory/list/room/{roomId}                   event
PUT    /_matrix/client/v3/directory/list/room/{roomId}                   event
GET    /_matrix/client/v3/publicRooms                                    event
POST   /_matrix/client/v3/publicRooms                                    event
PUT    /_matrix/federation/v1/invite/{roomId}/{eventId}                  invite-received
PUT    /_matrix/federation/v2/invite/{roomId}/{eventId}                  invite-received
PUT    /_matrix/federation/v1/send/{txnId}                               event-received
GET    /_matrix/federation/v1/event/{eventId}                            event-received
`;

const OUTBOUND = `
PUT    /_matrix/federation/v1/invite/{roomId}/{eventId}                  invite-sent
PUT    /_matrix/federation/v2/invite/{roomId}/{eventId}                  invite-sent
PUT    /_matrix/federation/v1/send/{txnId}                               event-sent
GET    /_matrix/federation/v1/event/{eventId}                            event-sent
`;

const CONTACTS = `
POST   /tim-contact-mgmt/contacts                                        contact
PUT    /tim-contact-mgmt/contacts                                        contact
`;

const tables = {
  inbound: new RouteTable(parseRoutes(INBOUND, RULES)),
  outbound: new RouteTable(parseRoutes(OUTBOUND, RULES)),
  contacts: new RouteTable(parseRoutes(CONTACTS, RULES)),
};

/**
 * The operation that a call is. All versions of the client API count alike.
 * @param path as it was sent, without its query
 * @returns undefined for a call that is not counted; `invite` for one that is counted when it is known whom it is for
 */
export function operationOf(edge: Edge, method: string, path: string): Operation | 'invite' | undefined {
  const plain = withoutVersion(path);
  const found = tables[edge].find(method, plain);
  return isMatch(found) ? found.route.rule : undefined;
}
