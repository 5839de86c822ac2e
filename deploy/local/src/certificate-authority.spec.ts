import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { createCertificateAuthority, type KeyedCertificate } from './certificate-authority';

describe('the certificate authority', () => {
  it('signs a leaf that names the DNS name and the address, and is no authority itself', async () => {
    const authority = await createCertificateAuthority();
    const issued = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
    const leaf = new X509Certificate(issued.certificatePem);
    const root = new X509Certificate(authority.certificatePem);

    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect([root.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const days = (Date.parse(leaf.validTo) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6);
    expect(days).toBeLessThanOrEqual(7);
  });

  it('makes certificates that a TLS client accepts for the right name and authority only', async () => {
    const authority = await createCertificateAuthority();
    const stranger = await createCertificateAuthority();
    const issued = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });

    await expect(handshake(issued, authority.certificatePem, 'localhost')).resolves.toBe('accepted');
    await expect(handshake(issued, authority.certificatePem, 'vvt.example')).resolves.toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
    await expect(handshake(issued, stranger.certificatePem, 'localhost')).resolves.toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });
});

async function handshake(server: KeyedCertificate, ca: string, servername: string): Promise<string> {
  const listener = createServer({ cert: server.certificatePem, key: server.privateKeyPem });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect({
    port: (listener.address() as AddressInfo).port,
    host: '127.0.0.1',
    ca,
    servername,
  });
  try {
    await once(client, 'secureConnect');
    return 'accepted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'refused';
  } finally {
    client.destroy();
    listener.close();
    await once(listener, 'close');
  }
}
