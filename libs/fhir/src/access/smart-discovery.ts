import { refused, type TokenRequests } from './token-request';

/**
 * Finds the token endpoint that a FHIR server names (SMART App Launch, "Discovery": `.well-known/smart-configuration`
 * below its base URL), and keeps it until it is told to forget it.
 */
export class SmartDiscovery {
  private found?: Promise<string>;

  constructor(
    private readonly baseUrl: string,
    private readonly requests: TokenRequests,
  ) {}

  /** @throws TransientError when the server does not say */
  tokenEndpoint(): Promise<string> {
    this.found ??= this.discover();
    return this.found;
  }

  /** The endpoint may have moved: it is looked for anew. */
  forget(): void {
    this.found = undefined;
  }

  private async discover(): Promise<string> {
    const { token_endpoint: endpoint } = await this.requests.json({
      method: 'GET',
      url: `${this.baseUrl}/.well-known/smart-configuration`,
    });
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint))
      throw refused('.well-known/smart-configuration names no token_endpoint');
    // What the bridge shows itself by goes there: never in the open because of what an answer says.
    const { protocol } = new URL(endpoint);
    if (protocol !== 'https:' && protocol !== new URL(this.baseUrl).protocol)
      throw refused('.well-known/smart-configuration names a token_endpoint without TLS');
    return endpoint;
  }
}
