import { TransientError } from '@bridge/contracts';
import type { TokenSettings } from '@bridge/platform';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';

/** Signatures with a private key: whoever can check one cannot make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** By how much the clocks of two machines may differ. */
const CLOCK_TOLERANCE_S = 30;

/**
 * Checks OAuth2 access tokens in the form of a JWT (RFC 9068, RFC 7523) against the keys at a JWKS URL. The keys are
 * kept; a token of an unknown key has them read again, at most every 30 s.
 * @returns a function that tells whether a token is good. It fails with a TransientError where the keys cannot be had:
 * then nobody knows, and the sender shall repeat
 */
export function tokenCheck({
  jwksUrl,
  issuer,
  audience,
  client,
}: TokenSettings): (token: string) => Promise<boolean> {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        ...(audience !== undefined && { audience }),
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp'],
      });
      return client === undefined || clientOf(payload) === client;
    } catch (error) {
      if (isAboutToken(error)) return false;
      throw new TransientError('token-keys-unavailable', 'The keys of a source’s tokens cannot be read', {
        advice: `Check that ${jwksUrl} can be read from here and holds a JWK Set.`,
        cause: error,
      });
    }
  };
}

/** Whom a token was issued to: RFC 9068 says `client_id`, OpenID Connect `azp`, others leave it at the subject. */
function clientOf({ client_id, azp, sub }: JWTPayload): unknown {
  return client_id ?? azp ?? sub;
}

/** Whether it says that the token is not good; not that its keys could not be read. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    // What jose throws when the answer is not 200, or not JSON.
    error.code !== 'ERR_JOSE_GENERIC'
  );
}
