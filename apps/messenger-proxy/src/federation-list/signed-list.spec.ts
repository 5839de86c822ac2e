import { X509Certificate } from 'node:crypto';
import { makeAuthority, makeLeaf } from '@bridge/certificates';
import { type ListTrust, readSignedList } from './signed-list';
import { derOf, ecKeys, keyOf, listPayload, testJws, testSigner } from './test-lists';

const now = new Date();
const payload = listPayload(7, ['a.example', 'b.example:8448'], { more: 1 });
const keys = ecKeys('prime256v1');
const byKey: ListTrust = { kind: 'key', algorithm: 'ES256', publicKey: keys.publicKey };
const signed = (content: object = payload) => testJws(content, keys.privateKey, { alg: 'ES256' });

describe('a list of a key', () => {
  it('is read', async () => {
    const list = await readSignedList(signed(), byKey, now);
    expect([list.version, list.domains()]).toEqual([7, ['a.example', 'b.example:8448']]);
    expect(list.find('a.example')).toMatchObject({ isInsurance: false, ik: [] });
    expect(list.find('b.example')).toBeUndefined();
  });

  it.each([
    ['of another key', testJws(payload, ecKeys('prime256v1').privateKey, { alg: 'ES256' }), 'signature'],
    [
      'that was changed',
      signed().replace(/\.[^.]+\./, `.${Buffer.from('{}').toString('base64url')}.`),
      'signature',
    ],
    ['that says it needs none', testJws(payload, keys.privateKey, { alg: 'none' }), 'none'],
    ['that says it is symmetric', testJws(payload, keys.privateKey, { alg: 'HS256' }), 'HS256'],
    [
      'with extensions',
      testJws(payload, keys.privateKey, { alg: 'ES256', crit: ['b64'], b64: false }),
      'crit',
    ],
    ['that is none', 'x.y', 'no JWS'],
    ['that has ended', signed(listPayload(7, [], { exp: now.getTime() / 1_000 - 1 })), 'was valid until'],
    ['without servers', signed({ version: 1 }), 'domainList'],
    ['with a server that is none', signed(listPayload(1, ['a example'])), 'domain'],
    ['of a version that is none', signed(listPayload(-1, [])), 'version'],
  ])('%s is refused', async (_what, jws, reason) => {
    await expect(readSignedList(jws, byKey, now)).rejects.toThrow(reason);
  });
});

describe('a list of gematik’s curve', () => {
  const brainpool = ecKeys('brainpoolP256r1');
  const trust: ListTrust = { kind: 'key', algorithm: 'BP256R1', publicKey: brainpool.publicKey };

  it('is read', async () => {
    const jws = testJws(payload, brainpool.privateKey, { alg: 'BP256R1' });
    expect((await readSignedList(jws, trust, now)).version).toBe(7);
  });

  it('counts only where it was asked for, and on its curve', async () => {
    await expect(readSignedList(signed(), trust, now)).rejects.toThrow('ES256');
    const jws = testJws(payload, brainpool.privateKey, { alg: 'ES256' });
    await expect(readSignedList(jws, { ...byKey, publicKey: brainpool.publicKey }, now)).rejects.toThrow(
      'curve',
    );
    const changed = testJws({ ...payload, version: 8 }, brainpool.privateKey, { alg: 'BP256R1' }).split('.');
    const [header, , signature] = testJws(payload, brainpool.privateKey, { alg: 'BP256R1' }).split('.');
    await expect(readSignedList([header, changed[1], signature].join('.'), trust, now)).rejects.toThrow(
      'signature',
    );
  });
});

describe('a list with certificates', () => {
  const made = testSigner(now);
  const trustOf = (pem: string): ListTrust => ({
    kind: 'certificates',
    algorithm: 'ES256',
    authorities: [new X509Certificate(pem)],
  });

  it('is read where its signer is under an authority', async () => {
    const { authority, signer } = await made;
    const jws = testJws(payload, keyOf(signer), { alg: 'ES256', x5c: [derOf(signer.certificatePem)] });
    expect((await readSignedList(jws, trustOf(authority.certificatePem), now)).version).toBe(7);
  });

  it('is refused under another authority, even one of the same name', async () => {
    const { signer } = await made;
    const other = await makeAuthority('Test authority', { now, days: 1 });
    const jws = testJws(payload, keyOf(signer), {
      alg: 'ES256',
      x5c: [derOf(signer.certificatePem), derOf(other.certificatePem)],
    });
    await expect(readSignedList(jws, trustOf(other.certificatePem), now)).rejects.toThrow(
      'none that is trusted',
    );
  });

  it('is refused where a certificate that may not issue has issued the signer’s', async () => {
    const { authority, signer } = await made;
    const forged = await makeLeaf(signer, { dns: ['forged.example'] }, [], { now, days: 1 });
    const jws = testJws(payload, keyOf(forged), {
      alg: 'ES256',
      x5c: [derOf(forged.certificatePem), derOf(signer.certificatePem)],
    });
    await expect(readSignedList(jws, trustOf(authority.certificatePem), now)).rejects.toThrow(
      'none that is trusted',
    );
  });

  it('is refused without a certificate, with one that cannot be read, and outside of their time', async () => {
    const { authority, signer } = await made;
    const trust = trustOf(authority.certificatePem);
    const x5c = [derOf(signer.certificatePem)];
    await expect(
      readSignedList(testJws(payload, keyOf(signer), { alg: 'ES256' }), trust, now),
    ).rejects.toThrow('x5c');
    const unreadable = testJws(payload, keyOf(signer), { alg: 'ES256', x5c: ['AAAA'] });
    await expect(readSignedList(unreadable, trust, now)).rejects.toThrow('cannot be read');
    const jws = testJws(payload, keyOf(signer), { alg: 'ES256', x5c });
    const later = new Date(now.getTime() + 11 * 24 * 3_600_000);
    await expect(readSignedList(jws, trust, later)).rejects.toThrow('not valid now');
  });
});
