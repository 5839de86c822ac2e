import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, type JWTVerifyGetKey, jwtVerify } from 'jose';

interface Client {
  readonly id: string;
  /** For client_secret_basic and client_secret_post. */
  readonly secret?: string;
  /** For private_key_jwt. */
  readonly keys?: JWTVerifyGetKey;
}

export interface SeenTokenRequest {
  readonly form: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Which kind of proof the client gave. */
  readonly method: 'private_key_jwt' | 'client_secret_basic' | 'client_secret_post' | 'none';
}

class OAuthError extends Error {}

/**
 * An authorization server (RFC 6749, 4.4; SMART Backend Services) and a FHIR server that believes it, in one.
 * Clients prove who they are, with checks as strict as the specifications': signature, claims, lifetime, each jti once.
 */
export class AuthorizationServer {
  readonly tokenRequests: SeenTokenRequest[] = [];
  /** Authorization headers of what was asked of the FHIR server. */
  readonly fhirRequests: (string | undefined)[] = [];
  /** Seconds, as announced. */
  expiresIn = 300;
  /** How long an answer to a token request is held back. */
  gate: Promise<void> = Promise.resolve();
  /** How the FHIR server names its token endpoint; undefined: not at all. */
  discovered: string | undefined;
  private readonly valid = new Set<string>();
  private readonly usedIds = new Set<string>();

  private constructor(
    private readonly server: Server,
    private readonly client: Client,
  ) {}

  static async start(client: Client): Promise<AuthorizationServer> {
    const server = createServer();
    const authority = new AuthorizationServer(server, client);
    server.on('request', (request, response) => void authority.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    authority.discovered = authority.tokenUrl;
    return authority;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get tokenUrl(): string {
    return `${this.url}/token`;
  }

  get fhirUrl(): string {
    return `${this.url}/fhir`;
  }

  /** All tokens end now, as when an authorization server has lost them. */
  revokeAll(): void {
    this.valid.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const reply = (status: number, content: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    if (request.url === '/token') return void reply(...(await this.token(request, body)));
    if (request.url === '/fhir/.well-known/smart-configuration')
      return void reply(200, { token_endpoint: this.discovered });
    this.fhirRequests.push(request.headers.authorization);
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!this.valid.has(token))
      return void reply(401, { resourceType: 'OperationOutcome', issue: [{ code: 'login' }] });
    reply(200, { resourceType: 'Patient', id: 'p' });
  }

  private async token(request: IncomingMessage, body: string): Promise<[number, object]> {
    const form = new URLSearchParams(body);
    try {
      const method = await this.proofIn(request, form);
      this.tokenRequests.push({ form, headers: request.headers, method });
      if (method === 'none') throw new OAuthError('invalid_client');
      if (form.get('grant_type') !== 'client_credentials') throw new OAuthError('unsupported_grant_type');
      await this.gate;
    } catch (failure) {
      const error = failure instanceof OAuthError ? failure.message : 'invalid_client';
      // As some servers do: the words repeat what was sent.
      return [400, { error, error_description: `refused: ${body}` }];
    }
    const value = randomUUID();
    this.valid.add(value);
    return [200, { access_token: value, token_type: 'Bearer', expires_in: this.expiresIn }];
  }

  private async proofIn(
    request: IncomingMessage,
    form: URLSearchParams,
  ): Promise<SeenTokenRequest['method']> {
    const { id, secret } = this.client;
    const [, basic = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const [user, password] = Buffer.from(basic, 'base64').toString('utf8').split(':').map(formDecoded);
    if (basic && secret !== undefined && user === id && password === secret) return 'client_secret_basic';
    if (secret !== undefined && form.get('client_id') === id && form.get('client_secret') === secret)
      return 'client_secret_post';
    const assertion = form.get('client_assertion');
    if (!assertion || !this.client.keys) return 'none';
    await this.checkAssertion(assertion, form.get('client_assertion_type'), this.client.keys);
    return 'private_key_jwt';
  }

  private async checkAssertion(assertion: string, type: string | null, keys: JWTVerifyGetKey): Promise<void> {
    if (type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      throw new OAuthError('invalid_request');
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: ['RS384', 'ES384'],
      issuer: this.client.id,
      subject: this.client.id,
      audience: this.tokenUrl,
      typ: 'JWT',
      requiredClaims: ['exp', 'jti', 'iss', 'sub', 'aud'],
    });
    if (!decodeProtectedHeader(assertion).kid) throw new OAuthError('invalid_client');
    const { exp = Infinity, jti = '' } = payload;
    if (exp > Date.now() / 1000 + 300) throw new OAuthError('invalid_client');
    if (this.usedIds.has(jti)) throw new OAuthError('invalid_grant');
    this.usedIds.add(jti);
  }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`a=${text}`).get('a') ?? '';
}
