import { TransientError } from '@bridge/contracts';
import { HttpException } from '@nestjs/common';
import { methodsOf } from './routes';

/** The codes of FHIR's value set `issue-type` that this app answers with. */
type IssueType =
  'exception' | 'invalid' | 'not-found' | 'not-supported' | 'security' | 'too-long' | 'transient';

/** When the queue does not say how long to wait. */
const DEFAULT_RETRY_AFTER_MS = 1000;

/** An answer in FHIR form, an `OperationOutcome`. Never quotes the request. */
export class OperationOutcomeError extends HttpException {
  constructor(
    status: number,
    code: IssueType,
    diagnostics: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super({ resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] }, status);
  }
}

/** What the FHIR server is told of a failure. @param url of the request, as sent */
export function toOperationOutcome(failure: unknown, url: string): OperationOutcomeError {
  if (failure instanceof OperationOutcomeError) return failure;
  if (failure instanceof TransientError) return tryLater(failure.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS);
  if (!(failure instanceof HttpException))
    return new OperationOutcomeError(500, 'exception', 'Internal error.');
  const status = failure.getStatus();
  if (status === 404) return unknownRoute(url);
  if (status === 413) return new OperationOutcomeError(413, 'too-long', 'The body is too large.');
  if (status === 415) return unsupportedMediaType();
  return new OperationOutcomeError(status, 'invalid', 'The request could not be read.');
}

/** A body in a form that the bridge does not read. */
export function unsupportedMediaType(): OperationOutcomeError {
  return new OperationOutcomeError(415, 'not-supported', 'A body must be application/fhir+json.');
}

/** A compressed body: Medplum signs the bytes, and what they unfold to may be of any size. */
export function unsupportedEncoding(): OperationOutcomeError {
  return new OperationOutcomeError(415, 'not-supported', 'A body must not be compressed.', {
    'accept-encoding': 'identity',
  });
}

function tryLater(retryAfterMs: number): OperationOutcomeError {
  return new OperationOutcomeError(503, 'transient', 'The bridge cannot take this now; repeat it later.', {
    'retry-after': String(Math.ceil(retryAfterMs / 1000)),
  });
}

function unknownRoute(url: string): OperationOutcomeError {
  const allow = methodsOf(url);
  return allow
    ? new OperationOutcomeError(405, 'not-supported', 'Wrong method for this endpoint.', { allow })
    : new OperationOutcomeError(404, 'not-found', 'Unknown endpoint.');
}
