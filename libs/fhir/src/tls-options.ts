import type { Config } from '@bridge/platform';
import type { buildConnector } from 'undici';

/** Connecting has its own, short limit, so that "away" is known soon. */
const connectTimeoutMs = 5_000;

/**
 * How connections are made: to whom we show which certificate, and whom we believe. With an authority of one's own the
 * public ones are trusted no more: who runs a private network means to exclude the rest.
 */
export function connectOptions({
  tlsCa,
  tlsCertificate,
  tlsKey,
}: Pick<Config['fhir'], 'tlsCa' | 'tlsCertificate' | 'tlsKey'>): buildConnector.BuildOptions {
  return {
    timeout: connectTimeoutMs,
    ...(tlsCa ? { ca: tlsCa } : {}),
    ...(tlsCertificate && tlsKey ? { cert: tlsCertificate, key: tlsKey } : {}),
  };
}
