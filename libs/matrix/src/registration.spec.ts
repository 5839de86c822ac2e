import { parse } from 'yaml';
import { buildRegistration } from './registration';

interface Registration {
  protocols: unknown;
  receive_ephemeral: unknown;
  'de.sorunome.msc2409.push_ephemeral': unknown;
  namespaces: Record<'users' | 'aliases', { exclusive: boolean; regex: string }[]> & { rooms: unknown[] };
}

describe('buildRegistration', () => {
  const yaml = buildRegistration({
    id: 'bridge',
    url: 'http://127.0.0.1:8080',
    asToken: 'a',
    hsToken: 'h',
    matrix: {
      serverName: 'care.example:8448',
      ghostPrefix: '_fhir_bridge_',
      botLocalpart: '_fhir_bridge_bot',
    },
  });
  const registration = parse(yaml) as Registration;
  const { namespaces } = registration;
  const users = new RegExp(namespaces.users[0]!.regex);
  const aliases = new RegExp(namespaces.aliases[0]!.regex);

  it('claims its own ghosts and aliases, alone', () => {
    expect('@_fhir_bridge_0f:care.example:8448').toMatch(users);
    expect('#_fhir_bridge_0f:care.example:8448').toMatch(aliases);
    expect(namespaces.users[0]!.exclusive).toBe(true);
  });

  it.each([
    '@_fhir_bridge_0f:care.example:84489',
    '@_fhir_bridge_0f:careXexample:8448',
    '@gp:care.example:8448',
    '@x@_fhir_bridge_0f:care.example:8448',
  ])('claims nothing of others: %s', (userId) => {
    expect(userId).not.toMatch(users);
  });

  it('asks for read receipts, under both names that homeservers know it by, and answers for the protocol "fhir"', () => {
    expect(registration).toMatchObject({
      receive_ephemeral: true,
      'de.sorunome.msc2409.push_ephemeral': true,
      protocols: ['fhir'],
    });
  });

  it('asks for no room namespace, which would push every event of the homeserver', () => {
    expect(namespaces.rooms).toEqual([]);
  });
});
