import { TransientError } from '@bridge/contracts';
import { HttpException } from '@nestjs/common';
import { methodOf } from './routes';

/** When the queue does not say how long to wait. */
const DEFAULT_RETRY_AFTER_MS = 1000;

/** An answer in the standard form of the Matrix specification: `{errcode, error}`. Never quotes the request. */
export class MatrixError extends HttpException {
  constructor(
    status: number,
    errcode: string,
    error: string,
    readonly headers: Readonly<Record<string, string>> = {},
    fields: Readonly<Record<string, unknown>> = {},
  ) {
    super({ errcode, error, ...fields }, status);
  }
}

/** What the homeserver is told of a failure. @param url of the request, as sent */
export function toMatrixError(failure: unknown, url: string): MatrixError {
  if (failure instanceof MatrixError) return failure;
  if (failure instanceof TransientError) return tryLater(failure.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS);
  if (!(failure instanceof HttpException)) return new MatrixError(500, 'M_UNKNOWN', 'Internal error.');
  const status = failure.getStatus();
  if (status === 404) return unrecognized(url);
  if (status === 413) return new MatrixError(413, 'M_TOO_LARGE', 'The body is too large.');
  return new MatrixError(status, 'M_UNKNOWN', 'The request could not be read.');
}

/** The homeserver keeps the transaction and repeats it. */
function tryLater(retryAfterMs: number): MatrixError {
  return new MatrixError(
    503,
    'M_LIMIT_EXCEEDED',
    'The bridge cannot store this now; repeat it later.',
    { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
    { retry_after_ms: retryAfterMs },
  );
}

/** Application Service API, "Unknown routes". */
function unrecognized(url: string): MatrixError {
  const allow = methodOf(url);
  return allow
    ? new MatrixError(405, 'M_UNRECOGNIZED', 'Wrong method for this endpoint.', { allow })
    : new MatrixError(404, 'M_UNRECOGNIZED', 'Unknown endpoint.');
}
