import { inspect } from 'node:util';
import { TransientError } from '@bridge/contracts';
import { FhirConflict, FhirRefusal, FhirUnavailable, fhirFailure, unreachable } from './fhir-failure';

const outcome = {
  resourceType: 'OperationOutcome',
  issue: [
    {
      severity: 'error',
      code: 'invalid',
      diagnostics: 'Cornelia Kanarie is no valid name',
      details: { text: 'Kanarie' },
    },
    { severity: 'error', code: 'required' },
  ],
};

function failure(status: number, retryAfter?: string, body: unknown = outcome) {
  return fhirFailure(status, body, retryAfter, 'create a resource');
}

it.each([409, 412])('%d is a conflict: read again, apply again', (status) => {
  expect(failure(status)).toBeInstanceOf(FhirConflict);
  expect(failure(status).recovery).toBe('transient');
});

it('401 waits until somebody has mended the token', () => {
  expect(failure(401)).toMatchObject({ recovery: 'needs-person', failureClass: 'fhir-token' });
});

it.each([408, 429, 500, 502, 503, 504])('%d passes by itself', (status) => {
  expect(failure(status)).toMatchObject({ recovery: 'transient', failureClass: 'fhir-busy' });
});

it.each([301, 400, 403, 404, 410, 422])('%d is a refusal, which repeating does not help', (status) => {
  expect(failure(status)).toBeInstanceOf(FhirRefusal);
  expect(failure(status)).toMatchObject({ recovery: 'permanent', status });
});

it.each([400, 401, 409, 422, 500])('of the words of a %d nothing is kept but the codes', (status) => {
  const error = failure(status);
  expect(`${error.message} ${error.advice} ${String(error.cause)}`).not.toMatch(/Kanarie|Cornelia/);
});

it('a refusal has the whole outcome for the record, and nothing that prints the error shows it', () => {
  const error = failure(422) as FhirRefusal;
  expect(error.outcome).toBe(outcome);
  expect(`${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}`).not.toContain(
    'Kanarie',
  );
  expect(Object.getOwnPropertyNames(error).join()).not.toContain('outcome');
  expect((failure(422, undefined, { words: 'x' }) as FhirRefusal).outcome).toBeUndefined();
});

it('tells a server that is away from one that fails at one thing', () => {
  const awayOnes = [500, 501, 502, 503, 504, 429].filter(
    (status) => failure(status) instanceof FhirUnavailable,
  );
  expect(awayOnes).toEqual([502, 503, 504]);
});

it('tells what was tried, the status and the codes', () => {
  expect(failure(422).message).toBe('The FHIR server refused to create a resource: 422 (invalid, required)');
  expect(failure(400, undefined, null).message).toBe('The FHIR server refused to create a resource: 400');
  expect(failure(400, undefined, { issue: 'x' }).message).toMatch(/400$/);
});

describe('Retry-After', () => {
  it('is a number of seconds', () => {
    expect(failure(503, '7').retryAfterMs).toBe(7000);
    expect(failure(429, '0').retryAfterMs).toBe(0);
  });

  it('is a date; one that has passed asks for no wait', () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    expect(failure(503, inAMinute).retryAfterMs).toBeGreaterThan(50_000);
    expect(failure(503, inAMinute).retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(failure(503, 'Wed, 21 Oct 2015 07:28:00 GMT').retryAfterMs).toBe(0);
  });

  it.each([undefined, '', 'soon', '-'])('asks for nothing when it is %s', (header) => {
    expect(failure(503, header).retryAfterMs).toBeUndefined();
  });
});

it('a server that cannot be reached is away, for the reason that the system gives', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1'), { code: 'ECONNREFUSED' });
  expect(unreachable('search', refused)).toBeInstanceOf(TransientError);
  expect(unreachable('search', refused).message).toBe(
    'The FHIR server could not be reached to search: ECONNREFUSED',
  );
  expect(unreachable('search', new Error('x')).message).toMatch(/no answer$/);
});
