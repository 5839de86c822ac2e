import { STATUS_CODES } from 'node:http';
import { annotateSpan } from '@bridge/platform';
import { Agent, request } from 'undici';

/** The part of the `request` package's parameters that matrix-bot-sdk passes (its lib/http.js). */
interface RequestParameters {
  readonly uri: string;
  readonly method: string;
  readonly qs?: Record<string, string | number | boolean | readonly string[]> | null;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly timeout: number;
  /** null asks for a Buffer */
  readonly encoding?: null;
}

interface BotSdkResponse {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string | Buffer;
}

type Callback = (error: Error | null, response?: BotSdkResponse, body?: string | Buffer) => void;

/**
 * A function for matrix-bot-sdk's `setRequestFn`: undici in place of the unmaintained `request`
 * (measured: a third of its CPU per send).
 * @param agent keeps the connections to the homeserver
 */
export function undiciRequest(agent: Agent) {
  return (parameters: RequestParameters, callback: Callback): void => {
    send(agent, parameters).then(
      (response) => callback(null, response, response.body),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  };
}

async function send(agent: Agent, parameters: RequestParameters): Promise<BotSdkResponse> {
  const url = new URL(parameters.uri);
  for (const [key, value] of Object.entries(parameters.qs ?? {})) {
    for (const one of Array.isArray(value) ? (value as string[]) : [String(value)])
      url.searchParams.append(key, one);
  }
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    method: parameters.method as 'GET' | 'POST' | 'PUT' | 'DELETE',
    headers: parameters.headers,
    body: parameters.body,
    headersTimeout: parameters.timeout,
    bodyTimeout: parameters.timeout,
  });
  annotateSpan({ 'http.response.status_code': statusCode });
  const bytes = Buffer.from(await body.arrayBuffer());
  return {
    statusCode,
    statusMessage: STATUS_CODES[statusCode] ?? '',
    headers,
    body: parameters.encoding === null ? bytes : bytes.toString('utf8'),
  };
}
