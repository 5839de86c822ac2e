import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request as httpRequest } from 'node:http';
import type { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { Refusal } from '../requests/refusal';
import { EdgeServer } from './edge-server';
import { Forwarder } from './forwarder';
import { TestServer } from './test-server';

const MEGABYTE = 1024 * 1024;
/** What the system itself may hold for the two connections of a request that stands still. */
const HELD_BYTES = 48 * MEGABYTE;
const BODY_BYTES = 256 * MEGABYTE;
const CONNECTIONS = 3;

let upstream: TestServer;
let forwarder: Forwarder;
let edge: EdgeServer;
const refused: number[] = [];

beforeAll(async () => {
  upstream = await TestServer.start();
  forwarder = new Forwarder(upstream.url, CONNECTIONS);
  const answer: RequestListener = (request, response) => {
    const body = request.headers['x-body'] === undefined ? undefined : Buffer.from('read before');
    forwarder.forward(request, response, { target: request.url!, body }).catch((refusal: Refusal) => {
      refused.push(refusal.status);
      response.writeHead(refusal.status).end();
    });
  };
  edge = new EdgeServer(answer);
  await edge.listen(0, '127.0.0.1');
});
beforeEach(() => {
  upstream.seen.length = 0;
  upstream.says = {};
  upstream.answer = undefined;
  refused.length = 0;
});
afterAll(async () => {
  await edge.close();
  await forwarder.close();
  await upstream.stop();
});

function open(method: string, headers: string[] | Record<string, string> = {}) {
  return httpRequest({ host: '127.0.0.1', port: edge.port, method, path: '/x?y', headers, agent: false });
}

async function answerTo(request: ReturnType<typeof open>, body?: string): Promise<IncomingMessage> {
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Writes a body as fast as it is taken. @param onWritten told of each part */
function pour(into: Writable, onWritten: (bytes: number) => void): void {
  const chunk = Buffer.alloc(MEGABYTE, 7);
  let left = BODY_BYTES;
  const more = (): void => {
    while (left > 0) {
      left -= chunk.length;
      onWritten(chunk.length);
      if (!into.write(chunk)) return void into.once('drain', more);
    }
    into.end();
  };
  more();
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

/** The number, when it has stood still for a while. */
async function settled(number: () => number): Promise<number> {
  for (let before = -1; ;) {
    if (number() === before && before > 0) return before;
    before = number();
    await setTimeout(300);
  }
}

describe('headers', () => {
  it('of an answer come back in their order, with their bytes, each as often as it came', async () => {
    upstream.answer = (_request, response) => {
      const headers = [
        'X-Odd',
        'ge\u00fcbt',
        'Set-Cookie',
        'a=1',
        'x-two',
        '1',
        'set-cookie',
        'b=2',
        'X-Two',
        '2',
      ];
      response
        .writeHead(200, [...headers, 'X-Hop', '1', 'Connection', 'x-hop', 'Content-Length', '2'])
        .end(Buffer.from('ok'));
    };
    const response = await answerTo(open('GET'));
    const names = response.rawHeaders.filter((_each, index) => index % 2 === 0);
    expect(names).toEqual([
      'X-Odd',
      'Set-Cookie',
      'x-two',
      'set-cookie',
      'X-Two',
      'Content-Length',
      'Date',
      'Connection',
    ]);
    expect(response.headers).toMatchObject({
      'x-odd': 'ge\u00fcbt',
      'set-cookie': ['a=1', 'b=2'],
      'x-two': '1, 2',
    });
    expect(await textOf(response)).toBe('ok');
  });

  it('of a request that came twice go on as they were read here: the server reads no other ones', async () => {
    const twice = ['content-type', 'application/json', 'content-type', 'application/x-www-form-urlencoded'];
    const host = ['host', 'own.example', 'x-a', '1', 'x-a', '2'];
    const tokens = ['authorization', 'Bearer a', 'authorization', 'Bearer b'];
    await answerTo(open('PUT', [...host, ...twice, ...tokens, 'content-length', '2']), '{}');
    const { headers, body } = upstream.seen[0]!;
    expect(headers).toMatchObject({
      host: 'own.example',
      'content-type': 'application/json',
      authorization: 'Bearer a',
      'x-a': '1, 2',
    });
    expect(body.toString()).toBe('{}');
  });
});

describe('bodies', () => {
  it('that were read before go on in place of what came, with their own length', async () => {
    await answerTo(open('PUT', { 'x-body': '1', 'transfer-encoding': 'chunked' }), 'what came');
    const { headers, body } = upstream.seen[0]!;
    expect([body.toString(), headers['content-length']]).toEqual(['read before', '11']);
    expect(headers['transfer-encoding']).toBeUndefined();
  });

  it.each(['HEAD', 'GET'])(
    'that an answer to %s does not have leave the connection usable',
    async (method) => {
      upstream.answer = (_request, response) => {
        response.writeHead(method === 'HEAD' ? 200 : 304, {
          etag: 'x',
          ...(method === 'HEAD' && { 'content-length': '5' }),
        });
        response.end();
      };
      for (let times = 0; times < CONNECTIONS + 1; times += 1) {
        const response = await answerTo(open(method));
        expect([response.headers.etag, await textOf(response)]).toEqual(['x', '']);
      }
    },
  );

  it('of an answer wait for a slow reader: the server is held up, and nothing is kept here', async () => {
    let written = 0;
    upstream.answer = (_request, response) => pour(response, (bytes) => (written += bytes));
    const before = process.memoryUsage().arrayBuffers;
    const response = await answerTo(open('GET'));
    expect(await settled(() => written)).toBeLessThan(HELD_BYTES);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(HELD_BYTES);
    let read = 0;
    response.on('data', (chunk: Buffer) => (read += chunk.length));
    await once(response, 'end');
    expect(read).toBe(BODY_BYTES);
  }, 60_000);

  it('of a request wait for a slow server: the client is held up, and nothing is kept here', async () => {
    let read = 0;
    let goOn: () => void = () => undefined;
    upstream.answer = (request, response) => {
      goOn = () => request.on('data', (chunk: Buffer) => (read += chunk.length));
      request.once('end', () => response.end('ok'));
    };
    const request = open('POST', { 'content-length': String(BODY_BYTES) });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    let written = 0;
    pour(request, (bytes) => (written += bytes));
    expect(await settled(() => written)).toBeLessThan(HELD_BYTES);
    goOn();
    const [response] = await answered;
    expect([await textOf(response), read]).toEqual(['ok', BODY_BYTES]);
  }, 60_000);

  it('that are refused before they came whole do not keep the refusal from the client', async () => {
    upstream.answer = (_request, response) => {
      response.writeHead(413, { 'content-length': '5' }).end('large');
    };
    const request = open('POST', { 'content-length': String(BODY_BYTES) });
    request.on('error', () => undefined);
    request.write(Buffer.alloc(MEGABYTE));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect([response.statusCode, await textOf(response)]).toEqual([413, 'large']);
    request.destroy();
  });
});

describe('whoever leaves', () => {
  it('while an answer is waited for, or comes, ends the request to the server', async () => {
    const ended: Promise<unknown>[] = [];
    upstream.answer = (request, response) => {
      ended.push(once(response, 'close'));
      if (request.headers['x-begin']) response.writeHead(200).write('begun');
    };
    const waiting = open('GET');
    waiting.on('error', () => undefined).end();
    while (ended.length === 0) await setTimeout(5);
    waiting.destroy();
    const reading = await answerTo(open('GET', { 'x-begin': '1' }));
    reading.on('error', () => undefined);
    await once(reading, 'data');
    reading.destroy();
    await Promise.all(ended);
    expect(refused).toEqual([]);
  });

  it('while others have all connections is counted among those who wait, and asks nothing later', async () => {
    const held: (() => void)[] = [];
    upstream.answer = (_request, response) => held.push(() => response.writeHead(200).end('ok'));
    const polls = Array.from({ length: CONNECTIONS }, () => answerTo(open('GET')));
    while (held.length < CONNECTIONS) await setTimeout(5);
    const leaving = open('GET');
    leaving.on('error', () => undefined).end();
    const staying = answerTo(open('GET'));
    while (forwarder.waiting() < 2) await setTimeout(5);
    leaving.destroy();
    for (const answer of held.splice(0)) answer();
    while (held.length === 0) await setTimeout(5);
    held[0]!();
    expect((await staying).statusCode).toBe(200);
    await Promise.all(polls);
    expect([forwarder.waiting(), held.length, refused]).toEqual([0, 1, []]);
  });

  it('amid a body that they send ends the request to the server', async () => {
    const arrived = new Promise<IncomingMessage>((arrive) => {
      upstream.answer = (request) => {
        request.on('error', () => undefined);
        request.once('data', () => arrive(request));
      };
    });
    const request = open('POST', { 'content-length': '1000' });
    request.on('error', () => undefined);
    request.write('begun');
    const reading = await arrived;
    const ended = new Promise((end) => reading.once('close', end));
    request.destroy();
    await ended;
    expect(refused).toEqual([]);
  });
});

describe('a server that', () => {
  it('ends its connection is answered for with 502 before an answer, and by an end after', async () => {
    upstream.answer = (request) => request.socket.destroy();
    expect((await answerTo(open('GET'))).statusCode).toBe(502);
    upstream.answer = (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('begun');
      setImmediate(() => request.socket.destroy());
    };
    const response = await answerTo(open('GET'));
    await expect(textOf(response)).rejects.toThrow('aborted');
    expect(refused).toEqual([502]);
  });

  it('gives hints before its answer is waited for until that', async () => {
    upstream.answer = (_request, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.writeHead(200).end('ok');
    };
    const response = await answerTo(open('GET'));
    expect([response.statusCode, await textOf(response)]).toEqual([200, 'ok']);
  });

  it('answers without end is no answer that is read whole', async () => {
    let written = 0;
    upstream.answer = (_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(MEGABYTE))) written += MEGABYTE;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const message = { method: 'GET', headers: {} } as IncomingMessage;
    await expect(forwarder.fetch(message, { target: '/' })).rejects.toMatchObject({ status: 502 });
    expect(written).toBeLessThan(HELD_BYTES);
  });
});
