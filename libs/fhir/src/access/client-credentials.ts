import type { Config } from '@bridge/platform';
import type { IssuedToken } from './access-tokens';
import { basicHeader, given } from './authorization';
import type { ClientKeys } from './client-keys';
import { SmartDiscovery } from './smart-discovery';
import type { TokenRequests } from './token-request';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** OAuth 2.0 client credentials (RFC 6749, 4.4), with a secret or a signed assertion (SMART Backend Services). */
export class ClientCredentials {
  private readonly discovery: SmartDiscovery;

  constructor(
    private readonly config: Config['fhir'],
    private readonly keys: ClientKeys,
    private readonly requests: TokenRequests,
  ) {
    this.discovery = new SmartDiscovery(config.baseUrl, requests);
  }

  async issue(): Promise<IssuedToken> {
    const url = this.config.tokenUrl ?? (await this.discovered());
    const { form, headers } = await this.proof(url);
    const { scope } = this.config;
    const parameters = { grant_type: 'client_credentials', ...(scope ? { scope } : {}), ...form };
    try {
      return await this.requests.token({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams(parameters).toString(),
      });
    } catch (failure) {
      this.discovery.forget();
      throw failure;
    }
  }

  private async discovered(): Promise<string> {
    try {
      return await this.discovery.tokenEndpoint();
    } catch (failure) {
      this.discovery.forget();
      throw failure;
    }
  }

  private async proof(
    url: string,
  ): Promise<{ form: Record<string, string>; headers?: Record<string, string> }> {
    const id = given(this.config, 'clientId');
    switch (this.config.clientAuthMethod) {
      case 'private_key_jwt':
        return {
          form: {
            client_assertion_type: assertionType,
            client_assertion: await this.keys.assertion(id, url),
          },
        };
      case 'client_secret_post':
        return { form: { client_id: id, client_secret: given(this.config, 'clientSecret') } };
      case 'client_secret_basic': {
        // RFC 6749, 2.3.1: both are form-encoded before they are joined.
        const [user, password] = [id, given(this.config, 'clientSecret')].map(formEncoded);
        return { form: {}, headers: { authorization: basicHeader(user ?? '', password ?? '') } };
      }
    }
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
