import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TransientError } from '@bridge/contracts';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { tokenCheck } from './token-check';

const issuer = 'https://id.example';
const audience = 'https://bridge.example';

let server: Server;
let jwksUrl: string;
let reads: number;
let keys: { status: number; body: string };
let privateKey: CryptoKey;
let publicJwk: JWK;

beforeAll(async () => {
  const pair = await generateKeyPair('ES384', { extractable: true });
  privateKey = pair.privateKey;
  publicJwk = { ...(await exportJWK(pair.publicKey)), kid: 'k-1', alg: 'ES384' };
});

beforeEach(async () => {
  reads = 0;
  keys = { status: 200, body: JSON.stringify({ keys: [publicJwk] }) };
  server = createServer((_request, response) => {
    reads++;
    response.writeHead(keys.status, { 'content-type': 'application/json' }).end(keys.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const now = (): number => Math.floor(Date.now() / 1000);

function token(claims: object = {}, kid = 'k-1'): Promise<string> {
  return new SignJWT({ iss: issuer, aud: audience, sub: 'lab', exp: now() + 300, ...claims })
    .setProtectedHeader({ alg: 'ES384', kid })
    .sign(privateKey);
}

describe('tokenCheck', () => {
  it('takes a token of the issuer for this audience, and reads the keys once', async () => {
    const check = tokenCheck({ jwksUrl, issuer, audience });
    expect(await check(await token())).toBe(true);
    expect(await check(await token({ aud: ['other', audience] }))).toBe(true);
    expect(reads).toBe(1);
  });

  it.each([
    ['another issuer', { iss: 'https://other.example' }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is past', { exp: now() - 60 }],
    ['a beginning that is to come', { nbf: now() + 60 }],
  ])('refuses a token with %s', async (_case, claims) => {
    expect(await tokenCheck({ jwksUrl, issuer, audience })(await token(claims))).toBe(false);
  });

  it('lets clocks differ by half a minute', async () => {
    expect(await tokenCheck({ jwksUrl, issuer, audience })(await token({ exp: now() - 20 }))).toBe(true);
  });

  it.each([
    ['client_id before azp and sub', { client_id: 'ehr', azp: 'x', sub: 'x' }, true],
    ['azp before sub', { azp: 'ehr', sub: 'x' }, true],
    ['sub', { sub: 'ehr' }, true],
    ['nobody', { sub: undefined }, false],
    ['another', { client_id: 'x', azp: 'ehr', sub: 'ehr' }, false],
  ])('knows the client by %s', async (_case, claims, good) => {
    expect(await tokenCheck({ jwksUrl, issuer, client: 'ehr' })(await token(claims))).toBe(good);
  });

  it.each(['', 'abc', 'a.b.c'])('refuses %j, and reads no keys for it', async (text) => {
    expect(await tokenCheck({ jwksUrl, issuer, audience })(text)).toBe(false);
    expect(reads).toBe(0);
  });

  it('refuses a token without signature, and one that is signed with what everybody knows', async () => {
    const check = tokenCheck({ jwksUrl, issuer, audience });
    const claims = { iss: issuer, aud: audience, exp: now() + 300 };
    const shared = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k-1' })
      .sign(Buffer.from(JSON.stringify(publicJwk)));
    expect([await check(new UnsecuredJWT(claims).encode()), await check(shared)]).toEqual([false, false]);
  });

  it('refuses a token of another key, whatever it calls itself', async () => {
    const { privateKey: other } = await generateKeyPair('ES384');
    const forged = await new SignJWT({ iss: issuer, aud: audience, exp: now() + 300 })
      .setProtectedHeader({ alg: 'ES384', kid: 'k-1' })
      .sign(other);
    expect(await tokenCheck({ jwksUrl, issuer, audience })(forged)).toBe(false);
  });

  it('does not let tokens of unknown keys make it read the keys again and again', async () => {
    const check = tokenCheck({ jwksUrl, issuer, audience });
    for (let times = 0; times < 5; times++) expect(await check(await token({}, 'k-2'))).toBe(false);
    expect(reads).toBe(1);
  });

  it.each([
    ['an error', 500, '{}'],
    ['no JSON', 200, '<html>'],
    ['no keys', 200, '{"error":"x"}'],
  ])(
    'does not know while the URL of the keys answers with %s, and does afterwards',
    async (_case, status, body) => {
      const check = tokenCheck({ jwksUrl, issuer, audience });
      const good = keys;
      keys = { status, body };
      await expect(check(await token())).rejects.toThrow(TransientError);
      keys = good;
      expect(await check(await token())).toBe(true);
    },
  );

  it('does not know while the URL of the keys is away', async () => {
    const check = tokenCheck({ jwksUrl: 'http://127.0.0.1:1/jwks.json', issuer, audience });
    await expect(check(await token())).rejects.toThrow(TransientError);
  });
});
