import type { Observation } from '@medplum/fhirtypes';
import { LocalTime } from './local-time';
import type { Showing } from './show-value';
import { compileTemplate, renderTemplate } from './template';

const showing: Showing = {
  language: 'en',
  local: new LocalTime('en', 'Europe/Amsterdam'),
  nameOf: () => undefined,
};

const weight: Observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Weight' },
  valueQuantity: { value: 71.5, unit: 'kg' },
  note: [{ text: 'one\n two\u202e' }],
};

function line(template: string, resource: Observation = weight): string | undefined {
  const compiled = compileTemplate(template, 'Observation');
  if ('parts' in compiled) return renderTemplate(compiled, resource, showing);
  throw new Error(compiled.map(({ problem }) => problem).join('; '));
}

function problems(template: string): string[] {
  const compiled = compileTemplate(template, 'Observation');
  return 'parts' in compiled ? [] : compiled.map(({ problem }) => problem);
}

it.each([
  ['{code}: {value}', 'Weight: 71.5 kg'],
  ['{code}[: {value}][, on {effective}]', 'Weight: 71.5 kg'],
  ['{code}[ ({status}[, {effective}])]', 'Weight (final)'],
  ['{code}[ ({effective}[, {status}])]', 'Weight'],
  ['{code}[, nothing in it]', 'Weight'],
  ["{code.text & '}' & `status`}", 'Weight}final'],
  ["{iif({}.empty(), 'none')} {code}", 'none Weight'],
  ['\\{a\\} \\[b\\] \\\\ {code}', '{a} [b] \\ Weight'],
  ['{code | status.show()}', 'Weight, final'],
  ['{note}', 'one two'],
  ['{value.value > 70}', 'yes'],
  ['{value.value * 2}', '143'],
  ['{Observation.code}', 'Weight'],
  ["{code.show() & ' ' & value.show()}", 'Weight 71.5 kg'],
])('%s → %s', (template, expected) => {
  expect(line(template)).toBe(expected);
});

it('a template none of whose expressions has a value says nothing', () => {
  expect(line('Measured[: {effective}] {interpretation}')).toBeUndefined();
});

it('a text that is no line any more is cut', () => {
  const note = [{ text: 'x'.repeat(5_000) }];
  expect(line('{note}', { ...weight, note })).toBe(`${'x'.repeat(2_000)}…`);
});

it.each([
  ['{resolve()}', /resolve\(\), which a line cannot use/],
  ["{code.memberOf('http://x')}", /memberOf\(\)/],
  ["{code.trace('x')}", /trace\(\)/],
  ['{now()}', /now\(\)/],
  ['{performer.select(resolve().name)}', /resolve\(\)/],
  ["{%terminologies.lookup(code, 'x')}", /uses %terminologies/],
  ['{%terminologies}', /uses %terminologies/],
  ['{%factory.Coding()}', /Coding\(\)/],
  ['{code.(}', /is no FHIRPath/],
  ['{}', /is no FHIRPath/],
  ['{cod}', /asks for cod, which Observation does not have/],
  ['{code', /has a \{ without \}/],
  ['[{code}', /has a \[ without \]/],
  ['{code}]', /has a \] without \[/],
])('%s is refused when it is read', (template, problem) => {
  expect(problems(template)[0]).toMatch(problem);
});

it('all mistakes in a template are told at once', () => {
  expect(problems('{cod} {resolve()} {now()} [')).toHaveLength(4);
});
