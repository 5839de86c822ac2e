/**
 * What homeservers may call: method, path, rule. `server` lets in homeservers of the federation list; the other rules do
 * so as well, and look at what is sent. `forward` are the calls that carry no proof of who makes them.
 */
export const FEDERATION_TABLE = `
GET    /_matrix/key/v2/server                                      forward
GET    /_matrix/key/v2/query/{serverName}                          notary
GET    /_matrix/federation/v1/version                              server
POST   /_matrix/key/v2/query                                       notary
PUT    /_matrix/federation/v1/send/{txnId}                         transaction
GET    /_matrix/federation/v1/event_auth/{roomId}/{eventId}        server
GET    /_matrix/federation/v1/backfill/{roomId}                    server
POST   /_matrix/federation/v1/get_missing_events/{roomId}          server
GET    /_matrix/federation/v1/state/{roomId}                       server
GET    /_matrix/federation/v1/state_ids/{roomId}                   server
GET    /_matrix/federation/v1/make_knock/{roomId}/{userId}         server
PUT    /_matrix/federation/v1/send_knock/{roomId}/{eventId}        membership
GET    /_matrix/federation/v1/make_leave/{roomId}/{userId}         server
PUT    /_matrix/federation/v2/send_leave/{roomId}/{eventId}        membership
PUT    /_matrix/federation/v1/send_leave/{roomId}/{eventId}        membership
PUT    /_matrix/federation/v1/3pid/onbind                          refuse-address-invite
PUT    /_matrix/federation/v1/exchange_third_party_invite/{roomId} refuse-address-invite
POST   /_matrix/federation/v1/publicRooms                          refuse-public-rooms
GET    /_matrix/federation/v1/hierarchy/{roomId}                   server
GET    /_matrix/federation/v1/query/directory                      server
GET    /_matrix/federation/v1/query/profile                        server
GET    /_matrix/federation/v1/user/devices/{userId}                server
POST   /_matrix/federation/v1/user/keys/claim                      server
POST   /_matrix/federation/v1/user/keys/query                      server
GET    /_matrix/federation/v1/media/download/{mediaId}             server
GET    /_matrix/federation/v1/media/thumbnail/{mediaId}            server
GET    /_matrix/key/v2/server/{keyId}                              forward
GET    /_matrix/key/v2/query/{serverName}/{keyId}                  notary
GET    /_matrix/federation/v1/event/{eventId}                      server
PUT    /_matrix/federation/v2/invite/{roomId}/{eventId}            federation-invite
PUT    /_matrix/federation/v1/invite/{roomId}/{eventId}            federation-invite
GET    /_matrix/federation/v1/make_join/{roomId}/{userId}          server
PUT    /_matrix/federation/v2/send_join/{roomId}/{eventId}         membership
PUT    /_matrix/federation/v1/send_join/{roomId}/{eventId}         membership
GET    /_matrix/federation/v1/publicRooms                          refuse-public-rooms
GET    /_matrix/federation/v1/openid/userinfo                      forward
`;
