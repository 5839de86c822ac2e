import { type Config, ConfigError, loadConfig } from '@bridge/platform';
import { clinicalLinesOf } from './clinical-lines-of';

const configured = (env: NodeJS.ProcessEnv): Pick<Config, 'clinical' | 'bot'> =>
  loadConfig(['clinical', 'bot'], env);

it('there are no lines unless their types are named', () => {
  expect(clinicalLinesOf(configured({})).has('Flag')).toBe(false);
  const lines = clinicalLinesOf(configured({ CLINICAL_TYPES: 'Flag, Observation,Flag' }));
  expect([lines.has('Flag'), lines.has('Observation'), lines.has('Task')]).toEqual([true, true, false]);
});

it('mistakes in templates are mistakes in the configuration, told all at once with their place', () => {
  const templates = { Flag: { en: '{cod}', nl: '{resolve()}' } };
  const start = () => clinicalLinesOf(configured({ CLINICAL_TEMPLATES: JSON.stringify(templates) }));
  expect(start).toThrow(ConfigError);
  expect(start).toThrow(
    /2 mistakes[^]*CLINICAL_TEMPLATES \(clinical\.templates\.Flag\.nl\): \{resolve\(\)\} calls resolve\(\)[^]*Flag\.en\): \{cod\} asks for cod/,
  );
});

it.each([
  [{ CLINICAL_TYPES: 'Flag,Patient' }, /CLINICAL_TYPES .*expected: resource types/],
  [{ CLINICAL_TIME_ZONE: 'Europe/Nowhere' }, /CLINICAL_TIME_ZONE .*expected: a time zone/],
  [{ CLINICAL_TEMPLATES: '{"Patient": {"en": "x"}}' }, /CLINICAL_TEMPLATES/],
  [{ CLINICAL_TEMPLATES: '{"Flag": {"fr": "x"}}' }, /CLINICAL_TEMPLATES/],
  [{ CLINICAL_TEMPLATES: 'no JSON' }, /CLINICAL_TEMPLATES/],
])('a setting of another form is refused: %j', (env, message) => {
  expect(() => configured(env)).toThrow(message);
});
