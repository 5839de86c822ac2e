import { PermanentError } from '@bridge/contracts';
import { createHash } from 'node:crypto';
import { type Readable, Transform, type TransformCallback } from 'node:stream';

/** More bytes came than are allowed, whatever was announced. */
export class TooManyBytes extends PermanentError {
  constructor(limit: number) {
    super('file-too-large', `A file is larger than ${limit} bytes`, {
      advice: 'MEDIA_MAX_BYTES is the largest size that is bridged.',
    });
  }
}

/** Lets bytes through, counts them, and ends with {@link TooManyBytes} when there are more than allowed. Keeps none. */
export class ByteMeter extends Transform {
  /** How many came through so far. */
  bytes = 0;
  private readonly hash = createHash('sha1');

  constructor(private readonly limit: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length;
    if (this.bytes > this.limit) return done(new TooManyBytes(this.limit));
    this.hash.update(chunk);
    done(null, chunk);
  }

  /** SHA-1 in base64 of all that came through, as FHIR's `Attachment.hash` wants it. Once, after the end. */
  sha1(): string {
    return this.hash.digest('base64');
  }
}

/**
 * A stream that is counted and limited on its way. Whichever side breaks off, the other one is told and lets go.
 * @param failure what a failure of the source means
 */
export function metered(source: Readable, limit: number, failure: (cause: unknown) => Error): ByteMeter {
  const meter = new ByteMeter(limit);
  // Not `once`: letting go of a source that has not ended is one more error of it.
  source.on('error', (cause) => meter.destroy(failure(cause)));
  meter.once('close', () => source.destroy());
  return source.pipe(meter);
}
