import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import type { RawPieces } from './raw-exchange';

/** What a client says first, by the name that it asks for. */
export interface Hellos {
  readonly localhost: Buffer;
  readonly evil: Buffer;
  /** Without a name. */
  readonly none: Buffer;
}

export async function recordHellos(): Promise<Hellos> {
  return {
    localhost: await helloFor('localhost'),
    evil: await helloFor('evil.example'),
    none: await helloFor(),
  };
}

async function helloFor(servername?: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** What comes through a connection first: right, for somebody else, cut, broken, or something else. */
export const beginnings = fc.oneof(
  fc.constantFrom<(hellos: Hellos) => RawPieces>(
    ({ localhost }) => [localhost],
    ({ localhost }) => [localhost],
    ({ evil }) => [evil],
    ({ none }) => [none],
    ({ localhost, evil }) => [localhost, evil],
    () => ['GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    () => ['hello'],
    () => ['\x16\x03\x01\xff\xff'],
    () => ['\x16\x03\x01\x00\x00'],
    () => ['\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10'],
    () => [],
  ),
  share.map((place) => ({ localhost }: Hellos) => {
    const at = Math.floor(place * localhost.length);
    return [localhost.subarray(0, at), localhost.subarray(at)];
  }),
  fc.tuple(share, fc.integer({ min: 0, max: 255 })).map(([place, byte]) => ({ localhost }: Hellos) => {
    const broken = Buffer.from(localhost);
    broken[Math.floor(place * (broken.length - 1))] = byte;
    return [broken];
  }),
  share.map((place) => ({ localhost }: Hellos) => [
    localhost.subarray(0, Math.floor(place * localhost.length)),
  ]),
);
