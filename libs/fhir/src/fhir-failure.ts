import { PermanentError, TransientError } from '@bridge/contracts';
import type { OperationOutcome } from '@medplum/fhirtypes';

/** The FHIR server's "no": the request is as it should not be, and repeating it cannot help. */
export class FhirRefusal extends PermanentError {
  constructor(
    readonly status: number,
    operation: string,
    codes: string,
  ) {
    super('fhir-refused', `The FHIR server refused to ${operation}: ${status}${codes}`, {
      advice:
        "Look at the FHIR server's own log for this time; its profile rules or permissions may not allow what the bridge writes.",
    });
  }
}

/** Somebody else changed the resource first (409 at some servers, 412 at others): read it again, apply again. */
export class FhirConflict extends TransientError {
  constructor(operation: string) {
    super('fhir-conflict', `Another change came first when trying to ${operation}`, {
      advice: 'Passes by itself: the bridge reads the resource again.',
    });
  }
}

/** @param operation what was tried, in words that name no person */
export function unreachable(operation: string, cause: unknown): TransientError {
  const { code } = cause as { code?: unknown };
  const reason = typeof code === 'string' ? code : 'no answer';
  return new TransientError('fhir-away', `The FHIR server could not be reached to ${operation}: ${reason}`, {
    advice: 'Check that the FHIR server runs and that FHIR_BASE_URL leads to it.',
  });
}

/**
 * Tells what an answer that is no success means. Of the OperationOutcome only the codes are kept:
 * its words can repeat what was in the resource.
 */
export function fhirFailure(
  status: number,
  body: unknown,
  retryAfter: string | undefined,
  operation: string,
) {
  const codes = codesOf(body);
  if (status === 409 || status === 412) return new FhirConflict(operation);
  if (status === 401) {
    return new TransientError('fhir-token', `The FHIR server does not accept the bridge's token${codes}`, {
      advice: 'Check FHIR_BEARER_TOKEN; messages wait until it is accepted.',
    });
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new TransientError('fhir-busy', `The FHIR server could not ${operation} now: ${status}${codes}`, {
      advice: 'Passes by itself; when it lasts, look at the load of the FHIR server.',
      retryAfterMs: retryAfterMs(retryAfter),
    });
  }
  return new FhirRefusal(status, operation, codes);
}

function codesOf(body: unknown): string {
  const issues = (body as OperationOutcome | undefined)?.issue;
  return Array.isArray(issues) ? ` (${issues.map(({ code }) => String(code)).join(', ')})` : '';
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
