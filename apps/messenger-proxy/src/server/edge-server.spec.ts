import 'reflect-metadata';
import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Socket, connect } from 'node:net';
import { ExtendedKeyUsage, makeAuthority, makeLeaf } from '@bridge/certificates';
import { EdgeServer } from './edge-server';

let edge: EdgeServer;
const asked: string[] = [];

beforeAll(async () => {
  edge = new EdgeServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('ok');
  });
  await edge.listen(0, '127.0.0.1');
});
beforeEach(() => (asked.length = 0));
afterAll(() => edge.close());

/** All that comes back until the connection ends. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(edge.port, '127.0.0.1');
  socket.on('error', () => undefined).write(bytes);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

describe('the edge', () => {
  it.each([
    ['GET', '/a%2Fb/../c//d?x=%20'],
    ['PROPFIND', '/x'],
    ['OPTIONS', '*'],
    ['GET', 'http://other.example/x'],
  ])('gives on %s %s as it was sent', async (method, target) => {
    const head = `${method} ${target} HTTP/1.1\r\nhost: own.example\r\nconnection: close\r\n\r\n`;
    expect(await exchange(head)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);
    expect(asked).toEqual([`${method} ${target}`]);
  });

  it('keeps connections for longer than load balancers and homeservers do', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: edge.port, agent: false, path: '/x' });
    request.setHeader('connection', 'keep-alive');
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.headers['keep-alive']).toBe('timeout=125');
    response.resume();
  });

  it.each([
    ['no request', 'nonsense\r\n\r\n', 400, 'M_UNRECOGNIZED'],
    [
      'two lengths',
      'PUT /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'M_UNRECOGNIZED',
    ],
    [
      'endless headers',
      `GET /x HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
      431,
      'M_TOO_LARGE',
    ],
  ])(
    'tells a connection with %s so in the form of Matrix, and ends it',
    async (_what, bytes, status, errcode) => {
      const answer = await exchange(bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ errcode });
      expect(asked).toEqual([]);
    },
  );

  it('puts no refusal behind an answer, where a reader would take it for the next one', async () => {
    const answer = await exchange('GET /x HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n');
    expect(answer.match(/HTTP\/1\.1/g) ?? []).toHaveLength(1);
  });

  it('says so where a port cannot be had', async () => {
    await expect(new EdgeServer(() => undefined).listen(edge.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('with a certificate the edge', () => {
  it('ends TLS 1.2 and newer, and is closed though somebody has begun TLS and says no more', async () => {
    const now = new Date();
    const authority = await makeAuthority('edge', { now, days: 1 });
    const leaf = await makeLeaf(authority, { dns: ['own.example'] }, [ExtendedKeyUsage.serverAuth], {
      now,
      days: 1,
    });
    const secure = new EdgeServer((_request, response) => response.end('secret'), {
      cert: leaf.certificatePem,
      key: leaf.privateKeyPem,
    });
    await secure.listen(0, '127.0.0.1');
    const options = {
      host: '127.0.0.1',
      port: secure.port,
      servername: 'own.example',
      ca: authority.certificatePem,
    };
    const request = httpsRequest({ ...options, agent: false, headers: { connection: 'keep-alive' } });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(String((await response.toArray())[0])).toBe('secret');
    const old = httpsRequest({ ...options, agent: false, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' });
    await expect(once(old.end(), 'response')).rejects.toThrow();
    const begun = connect(secure.port, '127.0.0.1');
    begun.on('error', () => undefined);
    await once(begun, 'connect');
    const ended = new Promise((end) => begun.once('close', end));
    await Promise.all([ended, secure.close()]);
  });
});

describe('closing the edge', () => {
  it('ends long polls and idle connections at once', async () => {
    const closing = new EdgeServer(() => undefined);
    await closing.listen(0, '127.0.0.1');
    const sockets: Socket[] = [connect(closing.port, '127.0.0.1'), connect(closing.port, '127.0.0.1')];
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      await once(socket, 'connect');
    }
    sockets[0]!.write('GET /x HTTP/1.1\r\nhost: own.example\r\n\r\n');
    const ended = sockets.map((socket) => new Promise((end) => socket.once('close', end)));
    await closing.close();
    await Promise.all(ended);
  });

  it('that listens nowhere is nothing to do', async () => {
    await new EdgeServer(() => undefined).close();
  });
});
