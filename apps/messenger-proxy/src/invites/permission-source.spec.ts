import { PERMISSION_TYPE, defaultPermissions } from './permission-config';
import { PermissionSource } from './permission-source';
import { TokenOwners } from './token-owners';

const fallback = defaultPermissions('allow all');
const blocked = { defaultSetting: 'block all' };

describe('PermissionSource', () => {
  it('remembers what somebody has set until they set it anew', async () => {
    const read = jest
      .fn()
      .mockResolvedValueOnce({ [PERMISSION_TYPE]: blocked })
      .mockResolvedValue({});
    const source = new PermissionSource(read, fallback, 60_000);
    expect(await source.of('@a:b')).toEqual(blocked);
    expect(await source.of('@a:b')).toEqual(blocked);
    source.forget('@a:b');
    expect(await source.of('@a:b')).toEqual(fallback);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('does not remember an answer from before they set it anew', async () => {
    let answer: (data: object) => void = () => undefined;
    const read = jest
      .fn()
      .mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
      .mockResolvedValue({ [PERMISSION_TYPE]: blocked });
    const source = new PermissionSource(read, fallback, 60_000);
    const asked = source.of('@a:b');
    source.forget('@a:b');
    answer({});
    await asked;
    expect(await source.of('@a:b')).toEqual(blocked);
  });

  it('forgets after a time', async () => {
    const read = jest.fn().mockResolvedValue({});
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const source = new PermissionSource(read, fallback, 60_000);
    await source.of('@a:b');
    now.mockReturnValue(61_001);
    await source.of('@a:b');
    expect(read).toHaveBeenCalledTimes(2);
    now.mockRestore();
  });

  it('says nothing of nobody, and of what nobody can understand', async () => {
    expect(
      await new PermissionSource(() => Promise.resolve(undefined), fallback, 1).of('@a:b'),
    ).toBeUndefined();
    const odd = () => Promise.resolve({ [PERMISSION_TYPE]: { defaultSetting: 'perhaps' } });
    expect(await new PermissionSource(odd, fallback, 1).of('@a:b')).toBeUndefined();
  });
});

describe('TokenOwners', () => {
  const ask = jest.fn((token: string) =>
    Promise.resolve(
      token.startsWith('a') ? { status: 200, body: { user_id: '@a:b' } } : { status: 401, body: {} },
    ),
  );
  beforeEach(() => ask.mockClear());

  it('asks once for a token, until it is no more', async () => {
    const owners = new TokenOwners(ask, 60_000);
    expect([await owners.ownerOf('a1'), await owners.ownerOf('a1'), await owners.ownerOf('a2')]).toEqual(
      Array(3).fill('@a:b'),
    );
    expect(ask).toHaveBeenCalledTimes(2);
    owners.forget('a1', false);
    await owners.ownerOf('a1');
    await owners.ownerOf('a2');
    expect(ask).toHaveBeenCalledTimes(3);
    owners.forget('a1', true);
    await owners.ownerOf('a1');
    await owners.ownerOf('a2');
    expect(ask).toHaveBeenCalledTimes(5);
  });

  it('asks again when the time is over: a token that was revoked elsewhere does not count for ever', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
    const owners = new TokenOwners(ask, 60_000);
    await owners.ownerOf('a1');
    now.mockReturnValue(61_001);
    await owners.ownerOf('a1');
    expect(ask).toHaveBeenCalledTimes(2);
    now.mockRestore();
  });

  it('refuses what the homeserver refuses', async () => {
    const owners = new TokenOwners(ask, 60_000);
    await expect(owners.ownerOf('x')).rejects.toMatchObject({ status: 401, errcode: 'M_UNKNOWN_TOKEN' });
    await expect(owners.ownerOf(undefined)).rejects.toMatchObject({
      status: 401,
      errcode: 'M_MISSING_TOKEN',
    });
    const busy = new TokenOwners(() => Promise.resolve({ status: 500, body: {} }), 60_000);
    await expect(busy.ownerOf('a')).rejects.toMatchObject({ status: 503 });
  });
});
