import { OPERATIONS, operationOf } from './operations';

it.each([
  ['inbound', 'GET', '/_matrix/client/v3/login', 'login-types'],
  ['inbound', 'POST', '/_matrix/client/r0/login', 'login'],
  ['inbound', 'POST', '/_matrix/client/v3/user/%40a%3Ab/openid/request_token', 'openid-token'],
  ['inbound', 'POST', '/_matrix/client/v3/user_directory/search', 'search'],
  ['inbound', 'POST', '/_matrix/client/v3/rooms/!r:b/invite', 'invite'],
  ['inbound', 'PUT', '/_matrix/client/v3/rooms/!r:b/send/m.room.message/1', 'event'],
  ['inbound', 'GET', '/_matrix/client/v1/rooms/!r:b/relations/$e', 'event'],
  ['inbound', 'PUT', '/_matrix/federation/v2/invite/!r/$e', 'invite-received'],
  ['inbound', 'PUT', '/_matrix/federation/v1/send/1', 'event-received'],
  ['outbound', 'PUT', '/_matrix/federation/v2/invite/!r/$e', 'invite-sent'],
  ['outbound', 'PUT', '/_matrix/federation/v1/send/1', 'event-sent'],
  ['contacts', 'POST', '/tim-contact-mgmt/contacts', 'contact'],
  ['inbound', 'GET', '/_matrix/client/v3/sync', undefined],
  ['inbound', 'POST', '/tim-contact-mgmt/contacts', undefined],
  ['outbound', 'GET', '/_matrix/key/v2/server', undefined],
  ['contacts', 'GET', '/tim-contact-mgmt/contacts', undefined],
] as const)('%s %s %s is %s', (edge, method, path, operation) => {
  expect(operationOf(edge, method, path)).toBe(operation);
});

it('there are the eleven operations of gematik', () => {
  expect(new Set(Object.values(OPERATIONS)).size).toBe(11);
});
