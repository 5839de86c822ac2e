import { type KeyObject, generateKeyPairSync, sign } from 'node:crypto';
import { TransientError } from '@bridge/contracts';
import { NotarizedKeys } from './server-keys';
import { canonicalJson } from '@bridge/signed-json';

const DAY_MS = 24 * 3_600_000;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');

function rawOf(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}

/** What a homeserver answers about a.example as a notary. */
function answer({ signer = privateKey, validFor = DAY_MS, server = 'a.example' } = {}): object {
  const keys = {
    server_name: server,
    valid_until_ts: Date.now() + validFor,
    verify_keys: { 'ed25519:k1': { key: rawOf(publicKey) } },
    old_verify_keys: {},
  };
  const signature = sign(null, Buffer.from(canonicalJson(keys)), signer).toString('base64');
  return { server_keys: [{ ...keys, signatures: { [server]: { 'ed25519:k1': signature } } }] };
}

describe('NotarizedKeys', () => {
  it('finds a key that its server has signed, and asks once', async () => {
    const ask = jest.fn().mockResolvedValue(answer());
    const keys = new NotarizedKeys(ask);
    const found = await Promise.all([
      keys.find('a.example', 'ed25519:k1'),
      keys.find('a.example', 'ed25519:k1'),
    ]);
    expect(found.map((key) => key && rawOf(key))).toEqual([rawOf(publicKey), rawOf(publicKey)]);
    await keys.find('a.example', 'ed25519:k1');
    expect(ask.mock.calls).toEqual([['a.example', 'ed25519:k1']]);
  });

  it.each([
    ['signed by somebody else', answer({ signer: other.privateKey })],
    ['of another server', answer({ server: 'b.example' })],
    ['that has ended', answer({ validFor: -1 })],
    ['that is not there', { server_keys: [] }],
  ])('finds no key %s, and does not ask again for each request', async (_what, content) => {
    const ask = jest.fn().mockResolvedValue(content);
    const keys = new NotarizedKeys(ask);
    expect(await keys.find('a.example', 'ed25519:k1')).toBeUndefined();
    expect(await keys.find('a.example', 'ed25519:k1')).toBeUndefined();
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('forgets no key because somebody makes up names of others', async () => {
    const ask = jest.fn((_server: string, keyId: string) =>
      Promise.resolve(keyId === 'ed25519:k1' ? answer() : { server_keys: [] }),
    );
    const keys = new NotarizedKeys(ask);
    await keys.find('a.example', 'ed25519:k1');
    for (let made = 0; made < 10_001; made += 1) await keys.find('a.example', `ed25519:made_${made}`);
    ask.mockClear();
    expect(await keys.find('a.example', 'ed25519:k1')).toBeDefined();
    expect(ask).not.toHaveBeenCalled();
  });

  it('believes no answer that nests without end', async () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    const { server_keys } = answer() as { server_keys: object[] };
    const keys = new NotarizedKeys(() => Promise.resolve({ server_keys: [{ ...server_keys[0], deep }] }));
    expect(await keys.find('a.example', 'ed25519:k1')).toBeUndefined();
  });

  it('asks again after a failure, and for an answer that is none says so', async () => {
    const ask = jest
      .fn()
      .mockRejectedValueOnce(new TransientError('away', 'away', { advice: 'away' }))
      .mockResolvedValueOnce({ nonsense: true })
      .mockResolvedValue(answer());
    const keys = new NotarizedKeys(ask);
    await expect(keys.find('a.example', 'ed25519:k1')).rejects.toThrow('away');
    await expect(keys.find('a.example', 'ed25519:k1')).rejects.toThrow('something else');
    expect(await keys.find('a.example', 'ed25519:k1')).toBeDefined();
  });
});
