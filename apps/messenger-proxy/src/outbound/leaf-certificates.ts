import { isIP } from 'node:net';
import { type SecureContext, createSecureContext } from 'node:tls';
import { ExtendedKeyUsage, type KeyedCertificate, makeLeaf } from '@bridge/certificates';
import { LRUCache } from 'lru-cache';

const VALID_DAYS = 7;
/** Made anew a day before it ends. */
const KEEP_MS = (VALID_DAYS - 1) * 24 * 3_600_000;
const MAX_HOSTS = 10_000;

/** Certificates for hosts that the homeserver calls, of an authority that the homeserver alone trusts. */
export class LeafCertificates {
  private readonly made = new LRUCache<string, Promise<SecureContext>>({ max: MAX_HOSTS, ttl: KEEP_MS });

  constructor(private readonly authority: KeyedCertificate) {}

  /** @param host a name or an address */
  contextFor(host: string): Promise<SecureContext> {
    const present = this.made.get(host);
    if (present) return present;
    const context = this.make(host);
    this.made.set(host, context);
    context.catch(() => this.made.delete(host));
    return context;
  }

  private async make(host: string): Promise<SecureContext> {
    const names = isIP(host) === 0 ? { dns: [host] } : { dns: [], ip: [host] };
    const { certificatePem, privateKeyPem } = await makeLeaf(
      this.authority,
      names,
      [ExtendedKeyUsage.serverAuth],
      {
        now: new Date(),
        days: VALID_DAYS,
      },
    );
    return createSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
  }
}
