import { connect } from 'node:net';

/** What is sent, in pieces: each goes out by itself. */
export type RawPieces = readonly (string | Buffer)[];

interface Manners {
  /** After which nothing more is expected: what the other side waits for does not come. */
  readonly silenceMs?: number;
  /** The same, before anything has come back. */
  readonly firstMs?: number;
}

/**
 * Sends bytes as they are, and reads until the other side ends the connection or has nothing more to say.
 * @returns what came back, as Latin-1
 */
export async function exchange(
  port: number,
  pieces: RawPieces,
  { silenceMs = 300, firstMs = silenceMs }: Manners = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const end = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setNoDelay(true);
    socket.setTimeout(firstMs, end);
    socket.on('data', (chunk: Buffer) => {
      socket.setTimeout(silenceMs);
      chunks.push(chunk);
      if (isWhole(Buffer.concat(chunks).toString('latin1'))) end();
    });
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(new Error('Nothing listens there any more'));
      else end();
    });
    socket.once('connect', () => {
      for (const piece of pieces)
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    });
  });
}

/** What is sent is answered: the answer is waited for, however busy the machine is. */
export async function answered(port: number, pieces: RawPieces): Promise<string> {
  return exchange(port, pieces, { firstMs: 30_000 });
}

/** A single answer of a length that it tells; of several, or of one that is chunked, the end is waited for. */
function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0 || !/^connection: close/im.test(text.slice(0, head))) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, head))?.[1];
  return length !== undefined && text.length >= head + 4 + Number(length);
}

/** The status of the first answer; undefined where there is none. */
export function statusOf(text: string): number | undefined {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}
