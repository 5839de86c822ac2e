import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { CompactSign } from 'jose';
import { FederationList } from './federation-list';

/** A key pair to sign lists with: P-256, PEM. */
export function makeListKey(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** What a list is made of where nobody gives one out. */
export interface ListDraft {
  readonly version: number;
  readonly domains: readonly string[];
  readonly validUntil: Date;
}

/**
 * Signs a list with an own key (ES256).
 * @throws Error where the draft is no list, or the key none
 */
export async function signList(
  { version, domains, validUntil }: ListDraft,
  privateKeyPem: string,
): Promise<string> {
  const payload = {
    version,
    exp: Math.floor(validUntil.getTime() / 1_000),
    domainList: [...new Set(domains)].sort().map((domain) => ({ domain, isInsurance: false })),
  };
  FederationList.parse(payload);
  return new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256' })
    .sign(createPrivateKey(privateKeyPem));
}
