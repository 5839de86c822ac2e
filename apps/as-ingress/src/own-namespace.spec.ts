import { OwnNamespace, readableUserId } from './own-namespace';

const own = new OwnNamespace({
  serverName: 'care.example:8448',
  ghostPrefix: '_bridge_',
  botLocalpart: '_bridge_bot',
});

describe('OwnNamespace', () => {
  it('reads the id of a ghost', () => {
    expect(own.userId('@_bridge_1:care.example:8448')).toBe('@_bridge_1:care.example:8448');
  });

  it('knows the bot', () => {
    expect(own.bot).toBe('@_bridge_bot:care.example:8448');
    expect(own.hasUser(own.bot)).toBe(true);
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

  it('reads the localpart of an alias on this server, and writes it', () => {
    expect(own.aliasLocalpart('#_bridge_room:care.example:8448')).toBe('_bridge_room');
    expect(own.aliasOf('_bridge_room')).toBe('#_bridge_room:care.example:8448');
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

describe('readableUserId', () => {
  it.each([
    ['@gp:practice.example', '@gp:practice.example'],
    ['@gp\u0000:practice.example', undefined],
    ['gp', undefined],
  ])('of %j is %j', (text, expected) => {
    expect(readableUserId(text)).toBe(expected);
  });
});
