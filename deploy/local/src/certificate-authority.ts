import 'reflect-metadata'; // @peculiar/x509 resolves its parts with it and must find it loaded
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFE_MS = 7 * 24 * 3_600_000;
// A clock that is a little behind (a virtual machine woken up) must not refuse a certificate made a second ago.
const BACKDATE_MS = 5 * 60_000;

/** A certificate with its private key, both PEM. */
export interface KeyedCertificate {
  certificatePem: string;
  privateKeyPem: string;
}

/** Signs certificates for servers and their clients that exist as long as one run. Its own key never leaves the memory of this process. */
export interface CertificateAuthority {
  certificatePem: string;
  /** A certificate for a server or a client (EC P-256, 7 days) whose subject alternative names are these DNS names and IP addresses. */
  issue(names: { dns: readonly string[]; ip: readonly string[] }): Promise<KeyedCertificate>;
}

/** Makes a new authority, valid for 7 days. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=fhir-matrix-bridge local federation',
    keys,
    signingAlgorithm: KEY,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: authority.toString('pem'),
    async issue({ dns, ip }) {
      const leafKeys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
      const alternativeNames = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...ip.map((value) => ({ type: 'ip' as const, value })),
      ];
      const leaf = await X509CertificateGenerator.create({
        ...validity(),
        subject: `CN=${dns[0] ?? ip[0] ?? 'server'}`,
        issuer: authority.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: KEY,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension(alternativeNames),
          await AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      });
      return {
        certificatePem: leaf.toString('pem'),
        privateKeyPem: await privateKeyPem(leafKeys.privateKey),
      };
    },
  };
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + LIFE_MS) };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}
