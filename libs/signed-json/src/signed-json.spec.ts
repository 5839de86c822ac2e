import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson, ed25519Key, isRequestSignedBy, isSignedBy } from './signed-json';

describe('canonicalJson', () => {
  // The examples of the Matrix specification, appendix "Canonical JSON".
  it.each([
    [{}, '{}'],
    [{ one: 1, two: 'Two' }, '{"one":1,"two":"Two"}'],
    [{ b: '2', a: '1' }, '{"a":"1","b":"2"}'],
    [
      {
        auth: {
          success: true,
          mxid: '@john.doe:example.com',
          profile: { display_name: 'John Doe', three_pids: [] },
        },
      },
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[]},"success":true}}',
    ],
    [{ a: '日本語' }, '{"a":"日本語"}'],
    [{ 本: 2, 日: 1 }, '{"日":1,"本":2}'],
    [{ a: null }, '{"a":null}'],
  ])('of %j is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('sorts by code points, not by UTF-16', () => {
    expect(canonicalJson({ '\u{1F600}': 1, '\uFB33': 2 })).toBe('{"\uFB33":2,"\u{1F600}":1}');
  });
});

describe('isSignedBy', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = ed25519Key(raw.toString('base64').replace(/=+$/, ''))!;
  const signature = sign(null, Buffer.from('{"a":1,"b":[2]}'), privateKey).toString('base64');

  it('knows a right signature, whatever the order and what is not signed', () => {
    expect(isSignedBy({ b: [2], a: 1, unsigned: { c: 3 }, signatures: {} }, key, signature)).toBe(true);
  });

  it('knows a wrong one', () => {
    expect(isSignedBy({ a: 2, b: [2] }, key, signature)).toBe(false);
    expect(
      isSignedBy(
        { a: 1, b: [2] },
        key,
        signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
      ),
    ).toBe(false);
    expect(isSignedBy({ a: 1, b: [2] }, key, 'short')).toBe(false);
  });

  it('takes nothing for a key that is none', () => {
    expect([ed25519Key('AAAA'), ed25519Key(undefined), ed25519Key(7)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('isRequestSignedBy', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const request = { method: 'PUT', uri: '/x?y=1', origin: 'a.example', destination: 'own.example' };
  const rest = '"destination":"own.example","method":"PUT","origin":"a.example","uri":"/x?y=1"';
  const signatureOf = (text: string) => sign(null, Buffer.from(text), privateKey).toString('base64');

  it('knows the signature of a request without a body', () => {
    expect(isRequestSignedBy(request, publicKey, signatureOf(`{${rest}}`))).toBe(true);
    expect(isRequestSignedBy({ ...request, content: '{}' }, publicKey, signatureOf(`{${rest}}`))).toBe(false);
  });

  it.each(['1.0', '1e+22', '0.1', '9007199254740993', '-12345678901234567890', '1.5e300'])(
    'knows that of a body with the number %s, as it was written',
    (number) => {
      const signature = signatureOf(`{"content":{"a":${number},"b":[{}]},${rest}}`);
      const content = `{ "b": [ {} ], "a": ${number} }`;
      expect(isRequestSignedBy({ ...request, content }, publicKey, signature)).toBe(true);
      const other = content.replace(number, `${number}1`);
      expect(isRequestSignedBy({ ...request, content: other }, publicKey, signature)).toBe(false);
    },
  );

  it('takes `signatures` and `unsigned` of the body for a part of it', () => {
    const content = '{"signatures":{},"unsigned":{"age":1.0}}';
    const signature = signatureOf(`{"content":${content},${rest}}`);
    expect(isRequestSignedBy({ ...request, content }, publicKey, signature)).toBe(true);
    expect(isRequestSignedBy({ ...request, content: '{}' }, publicKey, signature)).toBe(false);
  });
});
