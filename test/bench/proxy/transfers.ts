import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FILE_BYTES } from './file-bytes';
import { authorized, require200 } from './loads';

const CHUNK = Buffer.alloc(64 * 1024, 7);

/** Sends a file, as it is made. @returns its size in bytes */
export async function upload(url: string): Promise<number> {
  const request = httpRequest(`${url}/_matrix/media/v3/upload`, {
    method: 'POST',
    agent: false,
    headers: authorized({ 'content-type': 'application/octet-stream', 'content-length': String(FILE_BYTES) }),
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  await pipeline(Readable.from(chunks(), { objectMode: false }), request);
  const [response] = await answered;
  response.resume();
  await once(response, 'end');
  require200(response.statusCode!);
  return FILE_BYTES;
}

/** Reads a file, and keeps nothing of it. @returns its size in bytes @throws when less came than was announced */
export async function download(url: string): Promise<number> {
  const request = httpRequest(`${url}/_matrix/client/v1/media/download/care.example/file`, {
    agent: false,
    headers: authorized(),
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await once(response, 'end');
  require200(response.statusCode!);
  if (bytes !== FILE_BYTES) throw new Error(`${bytes} of ${FILE_BYTES} bytes came`);
  return bytes;
}

function* chunks(): Generator<Buffer> {
  for (let left = FILE_BYTES; left > 0; left -= CHUNK.length) {
    yield left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
  }
}
