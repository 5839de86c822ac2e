import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

/** A request refused before it reached FHIR: its HTTP status, and the OperationOutcome that says why. */
export class HttpProblem extends Error {
  readonly outcome: OperationOutcome;

  constructor(
    readonly status: number,
    code: OperationOutcomeIssue['code'],
    text: string,
  ) {
    super(text);
    this.outcome = {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code, details: { text } }],
    };
  }
}
