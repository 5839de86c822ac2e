import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Refusal } from '../requests/refusal';
import { EdgeServer } from './edge-server';
import { readBody } from './read-body';

const MAX_BYTES = 100_000;
let edge: EdgeServer;
/** What has been read, or why not. */
const read: (Buffer | Refusal)[] = [];
/** What is waited for before a body is read. */
let before: ((request: IncomingMessage) => Promise<unknown>) | undefined;
let arrived: () => void = () => undefined;
let done: () => void = () => undefined;

beforeAll(async () => {
  edge = new EdgeServer((request, response) => {
    arrived();
    void Promise.resolve(before?.(request))
      .then(() => readBody(request, MAX_BYTES))
      .then(
        (body) => {
          read.push(body);
          response.end();
        },
        (refusal: Refusal) => {
          read.push(refusal);
          response.writeHead(refusal.status, refusal.headers).end();
        },
      )
      .finally(() => done());
  });
  await edge.listen(0, '127.0.0.1');
});
beforeEach(() => {
  read.length = 0;
  before = undefined;
});
afterAll(() => edge.close());

function open(headers: Record<string, string | number>): ClientRequest {
  const request = httpRequest({ host: '127.0.0.1', port: edge.port, method: 'PUT', headers, agent: false });
  return request.on('error', () => undefined);
}

async function statusOf(request: ClientRequest): Promise<number | undefined> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response.statusCode;
}

describe('readBody', () => {
  it.each([
    ['none', [], {}],
    ['one of one piece', ['{}'], { 'content-length': 2 }],
    ['one in pieces', ['{"a":', 'x'.repeat(50_000), '}'], { 'transfer-encoding': 'chunked' }],
  ])('gives %s back whole', async (_what, pieces, headers) => {
    const request = open({ ...headers });
    for (const piece of pieces) {
      request.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    request.end();
    expect(await statusOf(request)).toBe(200);
    expect(String(read[0])).toBe(pieces.join(''));
  });

  it.each([
    ['is announced', { 'content-length': MAX_BYTES + 1 }],
    ['has no end', { 'transfer-encoding': 'chunked' }],
  ])('refuses one that %s to be larger, before all of it came', async (_what, headers) => {
    const request = open({ ...headers });
    request.write(Buffer.alloc(MAX_BYTES));
    request.write('x');
    expect(await statusOf(request)).toBe(413);
    expect(read).toMatchObject([{ errcode: 'M_TOO_LARGE' }]);
    request.destroy();
  });

  it.each([
    ['amid it', undefined],
    [
      'before it is read',
      (request: IncomingMessage) => new Promise((resolve) => request.once('close', resolve)),
    ],
  ])('does not wait for the rest of whoever leaves %s', async (_when, untilGone) => {
    const left = new Promise<void>((resolve) => (arrived = resolve));
    const ended = new Promise<void>((resolve) => (done = resolve));
    const request = open({ 'content-length': 1_000 });
    before = untilGone;
    request.write('begun');
    await left;
    request.destroy();
    await ended;
    expect(read).toMatchObject([{ status: 400 }]);
  });

  it('refuses one that is packed', async () => {
    expect(await statusOf(open({ 'content-encoding': 'gzip', 'content-length': 1 }).end('x'))).toBe(415);
  });
});
