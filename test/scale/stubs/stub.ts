import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { NumbersSeen } from './numbers-seen';

/** A request with its whole body, as JSON where it has one. */
export interface StubRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface StubAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Where a stub tells what it has seen. */
export const seenPath = '/seen';

/**
 * Serves on a port of this machine, answering each request after a fixed time.
 * @param answerMs 0: at once
 */
export async function serveStub(
  port: number,
  answerMs: number,
  answer: (request: StubRequest, numbers: NumbersSeen) => StubAnswer,
): Promise<void> {
  const numbers = new NumbersSeen();
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming);
    if (request.path === seenPath) return send(response, { status: 200, body: numbers.seen });
    // Its effect is there from now on, whether the caller lives to see the answer or not.
    const answered = answer(request, numbers);
    if (answerMs > 0) await delay(answerMs);
    send(response, answered);
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function read(incoming: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const { method = 'GET', url = '/', headers } = incoming;
  return { method, path: url, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

function send(response: ServerResponse, { status, headers = {}, body }: StubAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
