import { NeedsPersonError, PermanentError, TransientError } from '@bridge/contracts';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { outcomeSummary } from './outcome-summary';

/** The FHIR server's "no": the request is as it should not be, and repeating it cannot help. */
export class FhirRefusal extends PermanentError {
  readonly #outcome: OperationOutcome | undefined;

  /** @param codes as `outcomeSummary` gives them */
  constructor(
    readonly status: number,
    operation: string,
    codes: string,
    outcome?: OperationOutcome,
  ) {
    super('fhir-refused', `The FHIR server refused to ${operation}: ${status}${codes}`, {
      advice:
        "Look at the FHIR server's own log for this time; its profile rules or permissions may not allow what the bridge writes.",
    });
    this.#outcome = outcome;
  }

  /**
   * The whole answer, with the server's words, which may repeat patient data: for the record (an AuditEvent), never
   * for a log. A private field, so that nothing that prints an error, its fields or its JSON prints this as well.
   */
  get outcome(): OperationOutcome | undefined {
    return this.#outcome;
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

/** The server itself is away, whatever it is asked: nobody answers, or a gateway in front of it says so. */
export class FhirUnavailable extends TransientError {}

/** A gateway's answers, or those of a server that starts or stops. A 500 can be about one resource alone. */
const gatewayStatuses = new Set([502, 503, 504]);

/** @param operation what was tried, in words that name no person */
export function unreachable(operation: string, cause: unknown): FhirUnavailable {
  return new FhirUnavailable(
    'fhir-away',
    `The FHIR server could not be reached to ${operation}: ${systemReason(cause)}`,
    { advice: 'Check that the FHIR server runs and that FHIR_BASE_URL leads to it.' },
  );
}

/** Why a connection failed, as the system or the TLS library names it: a code, never a message. */
export function systemReason(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}

/** An answer that says success and yet is none, such as the page of a proxy in between. */
export function nonsense(operation: string, what: string): TransientError {
  return new TransientError(
    'fhir-busy',
    `The FHIR server could not ${operation} now: the answer is no ${what}`,
    {
      advice: 'Check that FHIR_BASE_URL leads to the FHIR server itself and not to a page in front of it.',
    },
  );
}

/**
 * Tells what an answer that is no success means.
 * @param body the OperationOutcome, where there is one
 */
export function fhirFailure(
  status: number,
  body: unknown,
  retryAfter: string | undefined,
  operation: string,
) {
  const codes = outcomeSummary(body);
  if (status === 409 || status === 412) return new FhirConflict(operation);
  if (status === 401) {
    return new NeedsPersonError(
      'fhir-token',
      `The FHIR server does not accept how the bridge shows who it is${codes}`,
      { advice: 'Check FHIR_AUTH and the settings that it names; messages wait until it is accepted.' },
    );
  }
  if (status === 408 || status === 429 || status >= 500) {
    const Failure = gatewayStatuses.has(status) ? FhirUnavailable : TransientError;
    return new Failure('fhir-busy', `The FHIR server could not ${operation} now: ${status}${codes}`, {
      advice: 'Passes by itself; when it lasts, look at the load of the FHIR server.',
      retryAfterMs: retryAfterMs(retryAfter),
    });
  }
  return new FhirRefusal(status, operation, codes, isOutcome(body) ? body : undefined);
}

function isOutcome(body: unknown): body is OperationOutcome {
  return (body as { resourceType?: unknown } | undefined | null)?.resourceType === 'OperationOutcome';
}

/**
 * `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3).
 * @returns milliseconds; undefined where it asks for nothing
 */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
