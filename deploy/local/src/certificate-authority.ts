import { ExtendedKeyUsage, type KeyedCertificate, makeAuthority, makeLeaf } from '@bridge/certificates';

export type { KeyedCertificate };

const LIFE_DAYS = 7;
const USAGES = [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth];

/** Signs certificates for servers and their clients that exist as long as one run. Its own key never leaves the memory of this process. */
export interface CertificateAuthority {
  certificatePem: string;
  /** A certificate for a server or a client (EC P-256, 7 days) whose subject alternative names are these DNS names and IP addresses. */
  issue(names: { dns: readonly string[]; ip: readonly string[] }): Promise<KeyedCertificate>;
}

/** Makes a new authority, valid for 7 days. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const validity = () => ({ now: new Date(), days: LIFE_DAYS });
  const authority = await makeAuthority('fhir-matrix-bridge local federation', validity());
  return {
    certificatePem: authority.certificatePem,
    issue: (names) => makeLeaf(authority, names, USAGES, validity()),
  };
}
