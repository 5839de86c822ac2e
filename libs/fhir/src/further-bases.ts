import { Injectable, OnApplicationShutdown } from '@nestjs/common';
import type { Config } from '@bridge/platform';
import { Agent, type Dispatcher, request } from 'undici';
import { fhirFailure, unreachable } from './fhir-failure';

/** An encoded slash, backslash or dot: what a server behind a proxy may take for a step out of the base. */
const encodedStep = /%(2f|5c|2e)/i;

/**
 * The part of an address that lies below a base URL, as every client and server understands it: the same scheme, host and
 * port, no user, no step up, no encoded one.
 * @param base ends with a slash
 * @returns undefined for an address elsewhere
 */
export function below(base: URL, address: string): URL | undefined {
  // The parser resolves `..` and backslashes first: what it makes of the address is what is compared, and called.
  const url = URL.canParse(address, base.href) ? new URL(address, base) : undefined;
  return url?.href.startsWith(base.href) && !encodedStep.test(url.pathname) ? url : undefined;
}

/**
 * Other FHIR servers on which attachments may be, by configuration. They are read without the bridge's token, which is
 * for its own server alone; an answer that leads elsewhere is not followed.
 */
@Injectable()
export class FurtherBases implements OnApplicationShutdown {
  private readonly agent = new Agent({ connections: 8, connect: { timeout: 5_000 } });
  private readonly bases: readonly URL[];

  constructor(private readonly config: Pick<Config['fhir'], 'attachmentBases' | 'requestTimeoutMs'>) {
    this.bases = (config.attachmentBases ?? []).map((base) => new URL(`${base}/`));
  }

  /**
   * Begins to read a file there.
   * @returns undefined for an address that lies below none of them
   * @throws TransientError when the server is away or busy, FhirRefusal when it said no or led elsewhere
   */
  async open(
    address: string,
    operation: string,
  ): Promise<Pick<Dispatcher.ResponseData, 'headers' | 'body'> | undefined> {
    const url = URL.canParse(address)
      ? this.bases.map((base) => below(base, address)).find((found) => found !== undefined)
      : undefined;
    if (!url) return undefined;
    const answer = await request(url, {
      dispatcher: this.agent,
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
      headersTimeout: this.config.requestTimeoutMs,
      bodyTimeout: this.config.requestTimeoutMs,
    }).catch((error: unknown) => {
      throw unreachable(operation, error);
    });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    answer.body.on('error', () => undefined).destroy();
    throw fhirFailure(answer.statusCode, undefined, undefined, operation);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }
}
