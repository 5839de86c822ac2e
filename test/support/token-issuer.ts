import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** An OAuth2 server as far as a receiver of its tokens sees it: tokens, and the URL of the keys that they are signed with. */
export class TokenIssuer {
  private constructor(
    private readonly server: Server,
    private readonly privateKey: CryptoKey,
  ) {}

  static async start(): Promise<TokenIssuer> {
    const { privateKey, publicKey } = await generateKeyPair('RS384', { extractable: true });
    const key: JWK = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS384', use: 'sig' };
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key] }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TokenIssuer(server, privateKey);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A token that is good for five minutes, with these claims besides. */
  token(claims: object): Promise<string> {
    return new SignJWT({ iss: this.url, ...claims })
      .setProtectedHeader({ alg: 'RS384', kid: 'one', typ: 'at+jwt' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(this.privateKey);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
