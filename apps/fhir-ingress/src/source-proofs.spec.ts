import { createHmac } from 'node:crypto';
import { isOneOf, isSigned, secretIn, signatureIn } from './source-proofs';

describe('secretIn', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'authorization', 'abc'],
    [{ authorization: 'abc' }, 'authorization', ''],
    [{ authorization: 'Basic abc' }, 'authorization', ''],
    [{ 'x-api-key': 'abc' }, 'x-api-key', 'abc'],
    [{ 'x-api-key': 'Bearer abc' }, 'x-api-key', 'Bearer abc'],
    [{ 'x-api-key': ['abc', 'abc'] }, 'x-api-key', ''],
    [{}, 'x-api-key', ''],
  ])('of %j in %s is %j', (headers, header, secret) => {
    expect(secretIn(headers, header)).toBe(secret);
  });
});

describe('isOneOf', () => {
  it('knows each of the secrets, and where there are none nothing is one', () => {
    expect([isOneOf('a', ['a', 'b']), isOneOf('b', ['a', 'b']), isOneOf('c', ['a', 'b'])]).toEqual([
      true,
      true,
      false,
    ]);
    expect([isOneOf('', []), isOneOf('undefined', [])]).toEqual([false, false]);
  });
});

describe('signatureIn', () => {
  const digits = '0123456789abcdef'.repeat(4);

  it.each([digits, digits.toUpperCase(), `sha256=${digits}`])('reads %s', (header) => {
    expect(signatureIn(header)).toBe(digits);
  });

  it.each([
    undefined,
    '',
    digits.slice(1),
    `${digits}0`,
    `sha1=${digits}`,
    [digits, digits],
    `g${digits.slice(1)}`,
  ])('reads none in %j', (header) => {
    expect(signatureIn(header)).toBeUndefined();
  });
});

describe('isSigned', () => {
  const body = Buffer.from('{"a": 1}');
  const by = (secret: string): string => createHmac('sha256', secret).update(body).digest('hex');

  it('is true for the signature of any of the secrets over exactly these bytes', () => {
    expect([isSigned(body, by('new'), ['new', 'old']), isSigned(body, by('old'), ['new', 'old'])]).toEqual([
      true,
      true,
    ]);
    expect(isSigned(body, by('other'), ['new', 'old'])).toBe(false);
    expect(isSigned(Buffer.from('{"a":1}'), by('new'), ['new'])).toBe(false);
    expect(isSigned(body, '', ['new'])).toBe(false);
  });

  it('agrees with the example of RFC 4231 (test case 2)', () => {
    const signature = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(isSigned(Buffer.from('what do ya want for nothing?'), signature, ['Jefe'])).toBe(true);
  });
});
