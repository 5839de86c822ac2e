import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { TransientError, UserId } from '@bridge/contracts';
import { ByteMeter, contentLength, firstValue, metered } from '@bridge/platform';
import { Homeserver } from './homeserver';
import { MatrixRefusal, matrixFailure } from './matrix-failure';

/** A file of the media repository while it is being read. */
export interface Download {
  /** Fails with TooManyBytes or TransientError. To be read to its end, or destroyed. */
  readonly body: ByteMeter;
  /** As the homeserver names it, with its parameters; empty where it does not. */
  readonly contentType: string;
  /** Undefined where the homeserver does not say. */
  readonly length: number | undefined;
}

export interface Upload {
  readonly contentType: string;
  /** Exactly: homeservers take nothing without it. */
  readonly length: number;
  readonly as: UserId;
}

/** The repository belongs to the bridge's user like to any other: a limit that it does not tell is not known. */
interface MediaConfig {
  readonly 'm.upload.size'?: number;
}

/** How long a homeserver waits for a file that has been announced and not uploaded yet (MSC2246), in milliseconds. */
const waitForUploadMs = 10_000;

/** The media repository of our homeserver, and through it that of every other. Files go through as streams. */
@Injectable()
export class Media {
  private largest?: Promise<number>;

  constructor(private readonly homeserver: Homeserver) {}

  /**
   * Reads a file, by the authenticated API. Nothing but our homeserver is asked: it gets files of others itself.
   * @param limit the largest size that is taken, in bytes
   * @returns why there is nothing to read, where asking again would not help
   * @throws PartnerAway when the homeserver that has the file cannot be reached, TransientError when ours cannot
   */
  async download(mxc: string, limit: number): Promise<Download | 'unavailable' | 'too-large'> {
    const place = readMxc(mxc);
    if (!place) return 'unavailable';
    const operation = 'download a file';
    try {
      const { headers, body } = await this.homeserver.stream({
        operation,
        method: 'GET',
        path: `/_matrix/client/v1/media/download/${encodeURIComponent(place.server)}/${place.id}`,
        query: { timeout_ms: String(waitForUploadMs) },
      });
      const length = contentLength(headers);
      if (length !== undefined && length > limit) {
        destroy(body);
        return 'too-large';
      }
      const source = metered(body, limit, (cause) => matrixFailure(cause, operation));
      return { body: source, contentType: firstValue(headers, 'content-type') ?? '', length };
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
      return error.errcode === 'M_TOO_LARGE' ? 'too-large' : 'unavailable';
    }
  }

  /**
   * Stores a file. Its name is not sent along: it would be in the address of the request, and so in access logs; the
   * event tells it.
   * @returns its `mxc://`
   * @throws what reading `body` throws, and what calls to the homeserver do
   */
  async upload(body: Readable, { contentType, length, as }: Upload): Promise<string> {
    const operation = 'upload a file';
    const answer = await this.homeserver.stream({
      operation,
      method: 'POST',
      path: '/_matrix/media/v3/upload',
      headers: { 'content-type': contentType, 'content-length': String(length) },
      body,
      as,
    });
    const { content_uri: mxc } = (await answer.body.json().catch((cause: unknown) => {
      throw matrixFailure(cause, operation);
    })) as { content_uri?: unknown };
    if (typeof mxc === 'string' && readMxc(mxc)) return mxc;
    throw new TransientError('homeserver-busy', 'The homeserver did not say where the uploaded file is', {
      advice: 'Look at what stands between the bridge and the homeserver.',
    });
  }

  /**
   * The largest file that the homeserver takes, in bytes. Known before, because a homeserver, or a proxy in front of
   * it, may answer a larger one by cutting the connection, which looks like being away.
   */
  async largestUpload(): Promise<number> {
    this.largest ??= this.homeserver
      .call<MediaConfig>({
        operation: "read the media repository's limits",
        method: 'GET',
        path: '/_matrix/client/v1/media/config',
      })
      .then((config) => config['m.upload.size'] ?? Number.MAX_SAFE_INTEGER);
    try {
      return await this.largest;
    } catch (error) {
      this.largest = undefined;
      throw error;
    }
  }
}

const serverName = /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,254}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const mediaId = /^[A-Za-z0-9_-]{1,255}$/;

/** Takes `mxc://<server>/<id>` apart (Matrix specification, "Matrix Content (mxc://) URIs"): both go into a path. */
function readMxc(mxc: string): { server: string; id: string } | undefined {
  const [, server = '', id = ''] = /^mxc:\/\/([^/]+)\/([^/]+)$/.exec(mxc) ?? [];
  return serverName.test(server) && mediaId.test(id) ? { server, id } : undefined;
}

/** Not reading it any further is one more error of the stream, which is nobody's affair. */
function destroy(body: Readable): void {
  body.on('error', () => undefined).destroy();
}
