import type { Config } from '@bridge/platform';
import type { IssuedToken } from './access-tokens';
import { given } from './authorization';
import type { TokenRequests } from './token-request';

/**
 * The organisation's Nuts node (version 6, "Auth v2 API"): it holds the credentials and asks the other party's
 * authorization server for a token in the bridge's name.
 */
export class NutsNode {
  private readonly url: string;
  private readonly body: string;

  constructor(
    config: Config['fhir'],
    private readonly requests: TokenRequests,
  ) {
    const subject = encodeURIComponent(given(config, 'nutsSubject'));
    this.url = `${given(config, 'nutsUrl')}/internal/auth/v2/${subject}/request-service-access-token`;
    this.body = JSON.stringify({
      authorization_server: given(config, 'nutsAuthorizationServer'),
      scope: given(config, 'scope'),
      // The node's own default is DPoP, whose proofs every single request would have to fetch.
      token_type: 'Bearer',
    });
  }

  /**
   * `no-cache`, because the node keeps tokens as well: it would give the one that was just refused, or that is about to
   * end. The bridge asks only when it needs another.
   */
  async issue(): Promise<IssuedToken> {
    return this.requests.token({
      method: 'POST',
      url: this.url,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: this.body,
    });
  }
}
