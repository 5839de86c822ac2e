import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { freePorts } from '../../deploy/local/src/free-port';
import { TcpProxy } from './tcp-proxy';

/** Answers every line with its name and the line. */
async function echo(name: string): Promise<{ server: Server; port: number; lines: string[] }> {
  const lines: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => {
      lines.push(piece.toString());
      socket.write(`${name} ${piece.toString()}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, lines };
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('the TCP proxy', () => {
  let first: Awaited<ReturnType<typeof echo>>;
  let second: Awaited<ReturnType<typeof echo>>;
  let proxy: TcpProxy;
  let port: number;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    [first, second] = [await echo('first'), await echo('second')];
    port = (await freePorts(1))[0]!;
    proxy = await TcpProxy.start(port, [first.port, second.port]);
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.stop();
    first.server.close();
    second.server.close();
  });

  async function client(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), closed(socket)]);
    return socket;
  }

  async function ask(socket: Socket, line: string): Promise<string> {
    if (socket.destroyed) throw new Error('broken off');
    socket.write(line);
    const [answer] = (await Promise.race([
      new Promise((resolve) => socket.once('data', (piece) => resolve([piece]))),
      closed(socket).then(() => Promise.reject(new Error('broken off'))),
    ])) as [Buffer];
    return answer.toString();
  }

  it('passes on what is said, connection by connection to one server after the other', async () => {
    expect(await ask(await client(), 'a')).toBe('first a');
    expect(await ask(await client(), 'b')).toBe('second b');
    expect(await ask(await client(), 'c')).toBe('first c');
  });

  it('passes by a server that refuses', async () => {
    first.server.close();
    expect(await ask(await client(), 'a')).toBe('second a');
    expect(await ask(await client(), 'b')).toBe('second b');
  });

  it('breaks off when no server takes the connection', async () => {
    first.server.close();
    second.server.close();
    await expect(ask(await client(), 'a')).rejects.toThrow('broken off');
  });

  it('is down: breaks off what there is and what is new, until it is cleared', async () => {
    const before = await client();
    expect(await ask(before, 'a')).toBe('first a');
    const gone = closed(before);
    proxy.become({ kind: 'down' });
    await gone;
    await expect(ask(await client(), 'b')).rejects.toThrow('broken off');
    proxy.clear();
    expect(await ask(await client(), 'c')).toBe('second c');
    expect([...first.lines, ...second.lines]).toEqual(['a', 'c']);
  });

  it('cuts what there is, and takes what is new', async () => {
    const before = await client();
    await ask(before, 'a');
    const gone = closed(before);
    proxy.cut();
    await gone;
    expect(proxy.broken).toBe(2); // both halves of it
    expect(await ask(await client(), 'b')).toBe('second b');
  });

  it('holds back in both directions when it is slow', async () => {
    const socket = await client();
    await ask(socket, 'a');
    proxy.become({ kind: 'slow', delayMs: 100 });
    const from = performance.now();
    expect(await ask(socket, 'b')).toBe('first b');
    // Timers count whole milliseconds, and begin a fraction before.
    expect(performance.now() - from).toBeGreaterThanOrEqual(198);
  });

  it('lets nothing overtake what it holds back when it is cleared', async () => {
    const socket = await client();
    proxy.become({ kind: 'slow', delayMs: 100 });
    let heard = '';
    socket.on('data', (piece: Buffer) => (heard += piece.toString()));
    socket.write('held back');
    // A connection that is made later has passed the proxy: so has what was written before it come there.
    const later = once(second.server, 'connection');
    await client();
    await later;
    proxy.clear();
    socket.write(', passed on');
    while (!heard.includes('passed on')) await once(socket, 'data');
    expect([...first.lines].join('')).toBe('held back, passed on');
  });

  it('loses answers: the server has the request, the client a broken connection', async () => {
    proxy.become({ kind: 'answers-lost', everyNth: 2 });
    const socket = await client();
    expect(await ask(socket, 'a')).toBe('first a');
    await expect(ask(socket, 'b')).rejects.toThrow('broken off');
    expect(first.lines).toEqual(['a', 'b']);
  });
});
