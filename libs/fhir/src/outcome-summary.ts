import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

const mostIssues = 5;

/** An issue's own code (R4, value set issue-type): a word. */
const issueCode = /^[a-z][a-z-]{1,30}$/;
/** A code of `details.coding`, such as MSG_PARAM_UNKNOWN. Five digits in a row are rather a number of somebody. */
const detailCode = /^(?!.*\d{5})[A-Za-z][A-Za-z0-9_.-]{1,60}$/;
/** The path of an element (R4, simple FHIRPath): names, indexes, ofType; no quoted text, in which anything can stand. */
const elementPath = /^[A-Za-z]\w{0,60}(?:\[\d{1,4}\]|\.ofType\([A-Za-z]{1,60}\)|\.[A-Za-z]\w{0,60}){0,20}$/;

/**
 * What an OperationOutcome says, in what can be no patient's data: codes, and the paths of elements.
 * Its texts (`diagnostics`, `details.text`) can repeat what was in the resource, and errors are logged.
 * @returns such as ` (required at Communication.status, invalid MSG_X)`; empty where nothing is left
 */
export function outcomeSummary(body: unknown): string {
  const issues = (body as OperationOutcome | undefined)?.issue;
  if (!Array.isArray(issues)) return '';
  const said = [...new Set(issues.map(issueSummary).filter(Boolean))];
  const more = said.length > mostIssues ? [`and ${said.length - mostIssues} more`] : [];
  return said.length > 0 ? ` (${[...said.slice(0, mostIssues), ...more].join(', ')})` : '';
}

function issueSummary(issue: OperationOutcomeIssue | null): string {
  const { code, details, expression, location } = issue ?? {};
  const codings = listOf(details?.coding).map((coding) => (coding as { code?: unknown } | null)?.code);
  const paths = matches(expression ?? location, elementPath);
  return [
    ...matches([code], issueCode),
    ...matches(codings, detailCode),
    ...(paths.length > 0 ? [`at ${paths.join(' and ')}`] : []),
  ].join(' ');
}

function matches(values: unknown, form: RegExp): string[] {
  return listOf(values).filter((value): value is string => typeof value === 'string' && form.test(value));
}

/** What a server sends is its own affair: a list may be none. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
