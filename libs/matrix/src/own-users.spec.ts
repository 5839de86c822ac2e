import { botUserId, isOwnUser } from './own-users';

const matrix = {
  serverName: 'care.example:8448',
  ghostPrefix: '_fhir_bridge_',
  botLocalpart: '_fhir_bridge_bot',
};

it('the bot has its localpart on our server', () => {
  expect(botUserId(matrix)).toBe('@_fhir_bridge_bot:care.example:8448');
});

it.each(['@_fhir_bridge_0f:care.example:8448', '@_fhir_bridge_bot:care.example:8448'])(
  '%s is one of ours',
  (userId) => {
    expect(isOwnUser(userId, matrix)).toBe(true);
  },
);

it.each([
  ['a person of our homeserver', '@ada:care.example:8448'],
  ["another bridge's ghost", '@_fhir_bridge_0f:gp.example'],
  ['a ghost of the same host at another port', '@_fhir_bridge_0f:care.example:8449'],
  ['a ghost of the same host without port', '@_fhir_bridge_0f:care.example'],
  ['a server whose name ends like ours', '@_fhir_bridge_0f:evil.care.example:8448'],
  ['an id with our server after another one', '@_fhir_bridge_0f:evil.example:care.example:8448'],
  ['our prefix further on', '@x_fhir_bridge_0f:care.example:8448'],
  ['our prefix in other letters', '@_FHIR_BRIDGE_0f:care.example:8448'],
  ['our prefix in the server name alone', '@a:_fhir_bridge_0f:care.example:8448'],
  ['no @', '_fhir_bridge_0f:care.example:8448'],
  ['no server', '@_fhir_bridge_0f'],
  ['nothing', ''],
])('%s is not one of ours: %s', (_words, userId) => {
  expect(isOwnUser(userId, matrix)).toBe(false);
});
