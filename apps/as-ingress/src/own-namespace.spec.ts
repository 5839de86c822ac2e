import { OwnNamespace } from './own-namespace';

const own = new OwnNamespace(
  'care.example:8448',
  (userId) => userId.startsWith('@_bridge_') && userId.endsWith(':care.example:8448'),
);

describe('OwnNamespace', () => {
  it('reads the id of a ghost', () => {
    expect(own.userId('@_bridge_1:care.example:8448')).toBe('@_bridge_1:care.example:8448');
  });

  it.each([
    '@nurse:care.example:8448',
    '@_bridge_1:evil.example',
    '_bridge_1:care.example:8448',
    '@_bridge_\u0000:care.example:8448',
    '@_bridge_ 1:care.example:8448',
    `@_bridge_${'x'.repeat(300)}:care.example:8448`,
    '',
  ])('does not take %j for one', (text) => {
    expect(own.userId(text)).toBeUndefined();
  });

  it('reads the localpart of an alias on this server', () => {
    expect(own.aliasLocalpart('#_bridge_room:care.example:8448')).toBe('_bridge_room');
  });

  it.each([
    '#_bridge_room:evil.example',
    '#_bridge_room:care.example',
    '!_bridge_room:care.example:8448',
    '#_bridge_room',
    '#:care.example:8448',
    '#_bridge_\u0000:care.example:8448',
    `#${'x'.repeat(300)}:care.example:8448`,
    '',
  ])('finds none in %j', (text) => {
    expect(own.aliasLocalpart(text)).toBeUndefined();
  });
});
