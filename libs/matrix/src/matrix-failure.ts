import { NeedsPersonError, PermanentError, TransientError } from '@bridge/contracts';

/** The homeserver's "no": the request is as it should not be, and repeating it cannot help. */
export class MatrixRefusal extends PermanentError {
  constructor(
    readonly errcode: string,
    readonly status: number,
    operation: string,
  ) {
    super('homeserver-refused', `The homeserver refused to ${operation}: ${errcode} (${status})`, {
      advice:
        'Look the errcode up in the Matrix specification; the power levels or the membership of the room may have been changed by hand.',
    });
  }
}

/** Whether the homeserver does not let this user do this in this room. */
export function isForbidden(error: unknown): boolean {
  return error instanceof MatrixRefusal && error.errcode === 'M_FORBIDDEN';
}

/**
 * Our homeserver is there and answers that another one, which it had to ask, is not.
 * It may stay away for days: what waits for it must hold up nobody else.
 */
export class PartnerAway extends TransientError {}

export interface HttpFailure {
  readonly statusCode: number;
  readonly errcode?: string;
  readonly retryAfterMs?: number;
}

/**
 * Tells what a failed call to the homeserver means.
 * The homeserver's own error text is left out: it can hold names.
 * @param operation what was tried, in words that name no person
 */
export function matrixFailure(failure: unknown, operation: string): TransientError | MatrixRefusal {
  if (!isHttpFailure(failure)) {
    return new TransientError(
      'homeserver-away',
      `The homeserver could not be reached to ${operation}: ${reasonOf(failure)}`,
      {
        advice: 'Check that the homeserver runs and that MATRIX_HOMESERVER_URL leads to it.',
      },
    );
  }
  const { statusCode, errcode = 'M_UNKNOWN', retryAfterMs } = failure;
  if (statusCode === 401) {
    // Nothing is wrong with the message: kept until somebody has mended the registration.
    return new NeedsPersonError(
      'homeserver-token',
      `The homeserver does not accept the bridge's token (${errcode})`,
      {
        advice:
          'The as_token of the registration file and MATRIX_AS_TOKEN must be the same; restart the homeserver after a change.',
      },
    );
  }
  // Of a file on another homeserver, Synapse says so with a 502.
  if (errcode === 'M_TOO_LARGE') return new MatrixRefusal(errcode, statusCode, operation);
  if (statusCode === 429 || statusCode >= 500) {
    // Without an errcode it is a proxy in front of our own homeserver that says so.
    const isPartner = failure.errcode !== undefined && (statusCode === 502 || statusCode === 504);
    const Failure = isPartner ? PartnerAway : TransientError;
    return new Failure(
      'homeserver-busy',
      `The homeserver could not ${operation} now: ${errcode} (${statusCode})`,
      {
        advice:
          'Passes by itself; when it lasts, look at the load and the rate limits of the homeserver, or of the partner that was invited.',
        retryAfterMs,
      },
    );
  }
  return new MatrixRefusal(errcode, statusCode, operation);
}

function isHttpFailure(failure: unknown): failure is HttpFailure {
  return (
    typeof failure === 'object' && failure !== null && typeof (failure as HttpFailure).statusCode === 'number'
  );
}

function reasonOf(failure: unknown): string {
  const { code, name } = failure as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown reason';
}
