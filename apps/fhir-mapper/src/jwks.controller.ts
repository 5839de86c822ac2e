import { ClientKeys } from '@bridge/fhir';
import { Controller, Get, Header, NotFoundException } from '@nestjs/common';

/**
 * `GET /.well-known/jwks.json`: the public keys by which an authorization server checks what the bridge signs (SMART
 * Backend Services, "Registering a client"). 404 where the bridge has no keys.
 */
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: ClientKeys) {}

  /** To be kept for five minutes: so long before a key signs it has to be among these. */
  @Get('jwks.json')
  @Header('content-type', 'application/jwk-set+json')
  @Header('cache-control', 'public, max-age=300')
  async read(): Promise<string> {
    const published = await this.keys.published();
    if (published.keys.length === 0) throw new NotFoundException();
    return JSON.stringify(published);
  }
}
