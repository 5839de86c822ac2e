import { TransientError } from '@bridge/contracts';
import { type Config, fhirAuth, type Metrics, type Readiness } from '@bridge/platform';
import type { Dispatcher } from 'undici';
import { ServerCircuit } from '../server-circuit';
import { AccessTokens, type IssuedToken } from './access-tokens';
import { type Authorization, basicHeader, fixedAuthorization, given } from './authorization';
import { ClientCredentials } from './client-credentials';
import type { ClientKeys } from './client-keys';
import { NutsNode } from './nuts-node';
import { TokenRequests } from './token-request';

export interface AccessParts {
  readonly keys: ClientKeys;
  readonly dispatcher: Dispatcher;
  readonly metrics: Metrics;
  readonly readiness?: Readiness;
}

/** What the configuration says about how the bridge shows the FHIR server who it is. */
export function authorizationOf(config: Config['fhir'], parts: AccessParts): Authorization {
  switch (fhirAuth(config)) {
    case 'none':
      return fixedAuthorization(undefined);
    case 'bearer':
      return fixedAuthorization(`Bearer ${given(config, 'bearerToken')}`);
    case 'basic':
      return fixedAuthorization(basicHeader(given(config, 'user'), given(config, 'password')));
    case 'client-credentials':
      return tokensOf(new ClientCredentials(config, parts.keys, requestsOf(config, parts)), parts);
    case 'nuts':
      return tokensOf(new NutsNode(config, requestsOf(config, parts)), parts);
  }
}

function requestsOf(config: Config['fhir'], { dispatcher }: AccessParts): TokenRequests {
  return new TokenRequests(dispatcher, config.requestTimeoutMs);
}

/** A refusal counts as well: a wrong secret, sent again with every message, gets a client locked out. */
function tokensOf(issuer: { issue(): Promise<IssuedToken> }, parts: AccessParts): AccessTokens {
  const circuit = new ServerCircuit('fhir-token', (failure) => failure instanceof TransientError, parts);
  return new AccessTokens(() => circuit.call('give out a token', () => issuer.issue()));
}
