import { clinicalTypes, languages, parseFhirRef } from '@bridge/contracts';
import { ClinicalLines, type ClinicalResource, identifiersOf, patientOf } from '@bridge/mapping';
import type { Patient, Reference } from '@medplum/fhirtypes';
import { hl7Examples } from '../support/hl7-examples';

/*
 * HL7's own examples of every clinical type, in every language: nobody here wrote them.
 */

const bsn = '123456782';
const kvnr = 'A123456780';
/** Where people and programs write free text. */
const freeText = new Set([
  'text',
  'display',
  'description',
  'conclusion',
  'title',
  'valueString',
  'patientInstruction',
]);

const examples = clinicalTypes.flatMap((type) => hl7Examples<ClinicalResource>(type));
const patients = new Map(
  hl7Examples<Patient>('Patient').map((patient) => [`Patient/${patient.id}`, patient]),
);

function linesIn(language: (typeof languages)[number]): ClinicalLines {
  const lines = ClinicalLines.of({ types: clinicalTypes, language, timeZone: 'Europe/Amsterdam', own: {} });
  if (lines instanceof ClinicalLines) return lines;
  throw new Error(lines[0]?.problem);
}

/** All that people get to read about a resource. */
function toldOf(lines: ClinicalLines, resource: ClinicalResource): string[] {
  const patient = patients.get(patientOf(resource) ?? '');
  const { messages } = lines.read(resource, new Map(), patient ? identifiersOf(patient) : []);
  return messages
    .flatMap(({ content, file }) => [content.body, file?.title])
    .filter((text) => typeof text === 'string');
}

/** The same resource, with something more in every free text. */
function withEverywhere(value: unknown, more: string, key = ''): unknown {
  if (typeof value === 'string') return freeText.has(key) ? `${value} ${more}` : value;
  if (Array.isArray(value)) return value.map((each) => withEverywhere(each, more, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withEverywhere(each, more, name)]),
  );
}

/** How the examples call their patients, in references. */
function patientNames(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const { reference, display } = value as Reference;
  const isPatient = parseFhirRef(typeof reference === 'string' ? reference : '')?.startsWith('Patient/');
  const inside = Object.values(value).flatMap(patientNames);
  return isPatient && typeof display === 'string' ? [display, ...inside] : inside;
}

it('there are examples of every type', () => {
  expect(new Set(examples.map(({ resourceType }) => resourceType)).size).toBe(clinicalTypes.length);
  expect(examples.length).toBeGreaterThan(200);
});

describe.each(languages)('in %s', (language) => {
  const lines = linesIn(language);

  it('each example has a line of words, without gaps', () => {
    for (const example of examples) {
      const [line = ''] = toldOf(lines, example);
      expect(line).toMatch(/\p{L}{2}/u);
      expect(line).not.toMatch(/undefined|null|\[object|NaN|\(\s*\)|[,;:–] *$/);
    }
  });

  it('no line has an identifier of a patient or the name by which a reference calls them', () => {
    for (const example of examples) {
      const told = toldOf(lines, example).join('\n');
      const patient = patients.get(patientOf(example) ?? '');
      const identifiers = patient ? identifiersOf(patient).filter((value) => value.length > 4) : [];
      // Where it is part of what the resource says, somebody has written it there: in a title, in a description.
      const names = patientNames(example).filter(
        (name) => !JSON.stringify(freeTextsOf(example)).includes(name),
      );
      for (const secret of [...identifiers, ...names]) expect(told).not.toContain(secret);
    }
  });

  it.each([bsn, '1234.56.782', '123 456 782', kvnr])('%s is in no line, wherever it was typed', (number) => {
    for (const example of examples) {
      const told = toldOf(lines, withEverywhere(example, `(${number})`) as ClinicalResource);
      expect(told.join('\n')).not.toContain(number);
    }
  });
});

/** Free texts, but for those of references. */
function freeTextsOf(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return freeText.has(key) ? [value] : [];
  if (typeof value !== 'object' || value === null || 'reference' in value) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    freeTextsOf(each, Array.isArray(value) ? key : name),
  );
}
