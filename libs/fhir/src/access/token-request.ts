import { NeedsPersonError, TransientError } from '@bridge/contracts';
import { type Dispatcher, request } from 'undici';
import { retryAfterMs, systemReason } from '../fhir-failure';
import { firstValue } from '@bridge/platform';
import type { IssuedToken } from './access-tokens';

/** A request to whoever gives out tokens, or says where they are given out. */
export interface TokenRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Where an answer names no lifetime (RFC 6749, 5.1: recommended only). A token that ends sooner is renewed after a 401. */
const assumedLifeMs = 300_000;

/** Makes these requests. Nothing of a request or an answer gets into an error but codes: both hold secrets. */
export class TokenRequests {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly timeoutMs: number,
  ) {}

  /** @throws TransientError when the server is away, refuses, or answers with what is no JSON object */
  async json({ url, method, headers, body }: TokenRequest): Promise<Record<string, unknown>> {
    const answer = await request(url, {
      dispatcher: this.dispatcher,
      method,
      headers: { accept: 'application/json', ...headers },
      body,
      headersTimeout: this.timeoutMs,
      bodyTimeout: this.timeoutMs,
    }).catch((error: unknown) => {
      throw away(systemReason(error));
    });
    const text = await answer.body.text().catch((error: unknown) => {
      throw away(systemReason(error));
    });
    const content = objectIn(text);
    const status = answer.statusCode;
    if (status >= 200 && status < 300 && content) return content;
    const wait = retryAfterMs(firstValue(answer.headers, 'retry-after'));
    throw refused(`${status}${oauthError(content)}`, wait);
  }

  /** Asks for a token (RFC 6749, 5.1). */
  async token(tokenRequest: TokenRequest): Promise<IssuedToken> {
    const { access_token: value, token_type: type, ...times } = await this.json(tokenRequest);
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
      throw refused('there is no token in the answer');
    if (typeof type === 'string' && type.toLowerCase() !== 'bearer')
      throw refused('it is no bearer token, and the bridge knows no other kind');
    return { value, lifeMs: lifeOf(times) };
  }
}

/** `expires_at` is the Nuts node's: of a token from its cache, `expires_in` tells what it was when issued. */
function lifeOf({ expires_in: seconds, expires_at: at }: Record<string, unknown>): number {
  const lives = [Number(seconds ?? NaN) * 1000, typeof at === 'number' ? at * 1000 - Date.now() : NaN].filter(
    (ms) => Number.isFinite(ms),
  );
  return lives.length > 0 ? Math.max(0, Math.min(...lives)) : assumedLifeMs;
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 6749, 5.2: a word such as invalid_client. Its description is left out: some servers repeat the assertion in it. */
function oauthError(content: Record<string, unknown> | undefined): string {
  const error = content?.error;
  return typeof error === 'string' && /^[a-z][a-z_]{1,40}$/.test(error) ? ` (${error})` : '';
}

function away(reason: string): TransientError {
  return new TransientError(
    'fhir-token-away',
    `The server that gives out tokens for the FHIR server could not be reached: ${reason}`,
    { advice: 'Check that it runs and that FHIR_TOKEN_URL, FHIR_BASE_URL or FHIR_NUTS_URL leads to it.' },
  );
}

export function refused(reason: string, retryAfterMs?: number): NeedsPersonError {
  return new NeedsPersonError('fhir-token', `No token for the FHIR server was given out: ${reason}`, {
    advice:
      'Check the settings that FHIR_AUTH names and the registration of the bridge; messages wait meanwhile.',
    retryAfterMs,
  });
}
