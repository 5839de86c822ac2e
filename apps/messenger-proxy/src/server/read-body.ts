import type { IncomingMessage } from 'node:http';
import { Refusal } from '../requests/refusal';

/**
 * Reads a body that a rule has to look into. All others pass through as a stream.
 * @throws Refusal 413 where it is larger than this, as soon as that is known
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new Refusal(415, 'M_UNKNOWN', 'Bodies are taken as they are, not compressed.', 'body');
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // Whoever sent it is gone, which is no fault of ours.
    throw new Refusal(400, 'M_UNKNOWN', 'The body did not come whole.', 'body');
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(): Refusal {
  return new Refusal(413, 'M_TOO_LARGE', 'The body is too large.', 'body', { connection: 'close' });
}
