import { outcomeSummary } from './outcome-summary';

const summaryOf = (...issue: unknown[]) => outcomeSummary({ resourceType: 'OperationOutcome', issue });

it('tells the codes and the paths of elements', () => {
  const details = { coding: [{ system: 'http://terminology.hl7.org/x', code: 'MSG_PARAM_UNKNOWN' }] };
  expect(
    summaryOf(
      {
        severity: 'error',
        code: 'required',
        expression: ['Communication.payload[0].content.ofType(string)'],
      },
      { severity: 'error', code: 'code-invalid', details, location: ['Communication.status'] },
    ),
  ).toBe(
    ' (required at Communication.payload[0].content.ofType(string), code-invalid MSG_PARAM_UNKNOWN at Communication.status)',
  );
});

it.each([
  { code: 'invalid', diagnostics: 'Kanarie' },
  { code: 'invalid', details: { text: 'Kanarie' } },
  { code: 'invalid', details: { coding: [{ code: 'Cornelia Kanarie' }, { code: 'NL-123456789' }] } },
  { code: 'invalid', expression: ["Patient.name.where(family='Kanarie')", 'Cornelia Kanarie'] },
  { code: 'invalid', location: ['/f:Patient/f:name[@v="Kanarie"]'] },
])('leaves out what can repeat words of the resource: %j', (issue) => {
  expect(summaryOf(issue)).toBe(' (invalid)');
});

it.each([
  [{ code: 'Cornelia Kanarie' }],
  [{}],
  [null],
  ['Kanarie'],
  [{ code: 5, details: 'x', expression: 'y' }],
])('says nothing of an issue such as %j', (issue) => {
  expect(summaryOf(issue)).toBe('');
});

it.each([undefined, null, 'Kanarie', {}, { issue: 'x' }])('says nothing of %j', (body) => {
  expect(outcomeSummary(body)).toBe('');
});

it('is short: each thing once, five at most', () => {
  const issues = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'g'].map((end) => ({ code: `code-${end}` }));
  expect(summaryOf(...issues)).toBe(' (code-a, code-b, code-c, code-d, code-e, and 2 more)');
});
