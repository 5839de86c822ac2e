import { X509Certificate } from 'node:crypto';
import { certificateState, createAuthority, issueCertificate } from './authority';

const DAY_MS = 24 * 3_600_000;
const now = new Date('2026-03-01T12:00:00Z');
const after = (days: number): Date => new Date(now.getTime() + days * DAY_MS);
const daysOf = (pem: string): number =>
  (Date.parse(new X509Certificate(pem).validTo) - now.getTime()) / DAY_MS;

describe('the authority', () => {
  it('is valid for ten years, on P-256, and may sign leaves', async () => {
    const certificate = new X509Certificate((await createAuthority(now)).certificatePem);
    expect(daysOf(certificate.toString())).toBeCloseTo(3652, 0);
    expect(certificate.ca).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('signs a certificate for one name, for 90 days, for servers', async () => {
    const authority = await createAuthority(now);
    const issued = await issueCertificate(authority, 'vvt.example', now);
    const leaf = new X509Certificate(issued.certificatePem);
    const root = new X509Certificate(authority.certificatePem);
    expect(leaf.subjectAltName).toBe('DNS:vvt.example');
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(daysOf(issued.certificatePem)).toBeCloseTo(90, 1);
  });
});

describe('a certificate that is there', () => {
  it('is good until 30 days are left, and due from then on', async () => {
    const authority = await createAuthority(now);
    const { certificatePem } = await issueCertificate(authority, 'vvt', now);
    const stateAfter = (days: number) =>
      certificateState(certificatePem, authority.certificatePem, 'vvt', after(days));
    expect([stateAfter(0), stateAfter(59), stateAfter(61), stateAfter(200)]).toEqual([
      'good',
      'good',
      'due',
      'due',
    ]);
  });

  it('is due when the server has another name by now', async () => {
    const authority = await createAuthority(now);
    const { certificatePem } = await issueCertificate(authority, 'vvt', now);
    expect(certificateState(certificatePem, authority.certificatePem, 'vvt.example', now)).toBe('due');
  });

  it('is left alone when another authority has issued it', async () => {
    const [ours, theirs] = [await createAuthority(now), await createAuthority(now)];
    const { certificatePem } = await issueCertificate(theirs, 'vvt', now);
    expect(certificateState(certificatePem, ours.certificatePem, 'vvt', after(89))).toBe(
      'of another authority',
    );
  });
});
