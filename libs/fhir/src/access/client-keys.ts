import { createPublicKey, randomUUID } from 'node:crypto';
import { type Config, type SigningKey, signingKey } from '@bridge/platform';
import { calculateJwkThumbprint, type JWK, SignJWT } from 'jose';

interface NamedKey extends SigningKey {
  readonly kid: string;
  readonly publicJwk: JWK;
}

/** SMART allows five minutes; two leave room for a clock of ours that is ahead. */
const assertionLifeSeconds = 120;

/** The key with which the bridge signs who it is, and the public keys by which others see that it is so. */
export class ClientKeys {
  private readonly keys: Promise<readonly NamedKey[]>;

  constructor({ clientKey, otherClientKey }: Pick<Config['fhir'], 'clientKey' | 'otherClientKey'>) {
    const texts = [clientKey, otherClientKey].filter((text) => text !== undefined);
    this.keys = Promise.all(texts.map(named));
    // Whoever asks for the keys hears of it.
    this.keys.catch(() => undefined);
  }

  /** The JWK Set (RFC 7517): public halves alone, of one key or, during a rotation, two. */
  async published(): Promise<{ readonly keys: readonly JWK[] }> {
    return { keys: (await this.keys).map(({ publicJwk }) => publicJwk) };
  }

  /**
   * An assertion for one request (RFC 7523; SMART Backend Services, "Authentication JWT"): it holds for two minutes
   * and bears an id of its own.
   * @param audience the URL of the token endpoint
   */
  async assertion(clientId: string, audience: string): Promise<string> {
    const [own] = await this.keys;
    if (!own) throw new TypeError('fhir.clientKey is not set');
    return new SignJWT({})
      .setProtectedHeader({ alg: own.algorithm, kid: own.kid, typ: 'JWT' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${assertionLifeSeconds} s`)
      .sign(own.key);
  }
}

/** A key without a name is called by its thumbprint (RFC 7638): the same in every replica and after every start. */
async function named(text: string): Promise<NamedKey> {
  const read = signingKey(text);
  const jwk = createPublicKey(read.key).export({ format: 'jwk' }) as JWK;
  const kid = read.kid ?? (await calculateJwkThumbprint(jwk));
  return { ...read, kid, publicJwk: { ...jwk, kid, alg: read.algorithm, use: 'sig', key_ops: ['verify'] } };
}
