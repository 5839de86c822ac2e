import type { CodeableConcept, Dosage, Quantity } from '@medplum/fhirtypes';
import { type Language, languages } from '@bridge/contracts';
import { LocalTime } from './local-time';
import { showValue } from './show-value';

const hl7 = 'http://terminology.hl7.org/CodeSystem/';
const ucum = 'http://unitsofmeasure.org';

function shown(type: string, value: unknown): Record<Language, string> {
  const each = languages.map((language) => {
    const local = new LocalTime(language, 'Europe/Amsterdam');
    const nameOf = (reference: string) => (reference === 'Practitioner/d' ? 'Dr. Alami' : undefined);
    return [language, showValue(value, type, { language, local, nameOf })] as const;
  });
  return Object.fromEntries(each) as Record<Language, string>;
}

const same = (text: string) => ({ nl: text, en: text, de: text });

it.each<[string, unknown, Record<Language, string>]>([
  ['date', '2026-03-10', { nl: '10 mrt 2026', en: '10 Mar 2026', de: '10.03.2026' }],
  ['date', '2026-03', { nl: 'maart 2026', en: 'March 2026', de: 'März 2026' }],
  ['date', '2026', same('2026')],
  // Winter and summer time, in a place east of Greenwich: the day is the one over there.
  [
    'dateTime',
    '2026-03-10T23:30:00Z',
    { nl: '11 mrt 2026, 00:30', en: '11 Mar 2026, 00:30', de: '11.03.2026, 00:30' },
  ],
  [
    'instant',
    '2026-07-10T10:00:00.5+00:00',
    { nl: '10 jul 2026, 12:00', en: '10 Jul 2026, 12:00', de: '10.07.2026, 12:00' },
  ],
  ['time', '08:30:00', same('08:30')],
  ['dateTime', 'nonsense', same('nonsense')],
  [
    'Period',
    { start: '2026-03-10T09:00:00Z', end: '2026-03-10T09:30:00Z' },
    { nl: '10 mrt 2026, 10:00 – 10:30', en: '10 Mar 2026, 10:00 – 10:30', de: '10.03.2026, 10:00 – 10:30' },
  ],
  [
    'Period',
    { start: '2026-03-10', end: '2026-03-12' },
    { nl: '10 mrt 2026 – 12 mrt 2026', en: '10 Mar 2026 – 12 Mar 2026', de: '10.03.2026 – 12.03.2026' },
  ],
  ['Period', { start: '2026' }, { nl: 'sinds 2026', en: 'since 2026', de: 'seit 2026' }],
  ['Period', { end: '2026' }, { nl: 'tot 2026', en: 'until 2026', de: 'bis 2026' }],
  ['Period', {}, same('')],
])('a moment of type %s is told as people write it: %j', (type, value, expected) => {
  expect(shown(type, value)).toEqual(expected);
});

it.each<[Quantity, Record<Language, string>]>([
  [
    { value: 6.3, unit: 'mmol/l' },
    { nl: '6,3 mmol/l', en: '6.3 mmol/l', de: '6,3 mmol/l' },
  ],
  [{ value: 1500, unit: 'ml' }, same('1500 ml')],
  [{ value: 60, comparator: '>', code: 'mL/min', system: ucum }, same('>60 mL/min')],
  [
    { value: 1, unit: 'yr', code: 'a', system: ucum },
    { nl: '1 jaar', en: '1 year', de: '1 Jahr' },
  ],
  [
    { value: 2, unit: 'yr', code: 'a', system: ucum },
    { nl: '2 jaar', en: '2 years', de: '2 Jahre' },
  ],
  [{ value: 10, unit: '{score}' }, same('10 score')],
  [{ value: 3, code: '1', system: ucum }, same('3')],
  [{ value: 1e-30, unit: 'g' }, same('1e-30 g')],
  [{ unit: 'g' }, same('')],
])('a value has its unit: %j', (quantity, expected) => {
  expect(shown('Quantity', quantity)).toEqual(expected);
});

it.each<[string, unknown, string]>([
  ['Range', { low: { value: 1, unit: 'g' }, high: { value: 2, unit: 'g' } }, '1 – 2 g'],
  ['Range', { low: { value: 1, unit: 'mg' }, high: { value: 2, unit: 'g' } }, '1 mg – 2 g'],
  ['Range', { low: { value: 1, unit: 'g' } }, '≥ 1 g'],
  ['Range', { high: { value: 1, unit: 'g' } }, '≤ 1 g'],
  ['Ratio', { numerator: { value: 1 }, denominator: { value: 128 } }, '1 / 128'],
  ['Reference', { reference: 'Practitioner/d' }, 'Dr. Alami'],
  ['Reference', { reference: 'Practitioner/d', display: 'D.' }, 'D.'],
  ['Reference', { reference: 'Practitioner/x' }, ''],
  ['Annotation', { text: 'noted' }, 'noted'],
  ['Attachment', { title: 'scan', data: 'AAAA' }, 'scan'],
  ['boolean', true, 'yes'],
  ['integer', 3, '3'],
  ['Identifier', { value: '123' }, ''],
  ['HumanName', { text: 'Jan' }, ''],
  ['BackboneElement', { code: 'x' }, ''],
])('a %s is %j', (type, value, expected) => {
  expect(shown(type, value).en).toBe(expected);
});

describe('a concept', () => {
  const translations = (content: string) => [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/translation',
      extension: [
        { url: 'lang', valueCode: 'nl-NL' },
        { url: 'content', valueString: content },
      ],
    },
  ];

  it.each<[string, CodeableConcept, Record<Language, string>]>([
    ['has the words that somebody wrote', { text: 'pijn', coding: [{ display: 'Pain' }] }, same('pijn')],
    [
      'has its coding’s words',
      { coding: [{ code: '22253000' }, { code: '1', display: 'Pain' }] },
      same('Pain'),
    ],
    [
      'has the coding that somebody chose',
      { coding: [{ display: 'A' }, { display: 'B', userSelected: true }] },
      same('B'),
    ],
    ['is a code where there are no words', { coding: [{ code: '22253000' }] }, same('22253000')],
    ['is nothing where there is not even a code', {}, same('')],
    [
      'has the language’s own words for HL7’s codes',
      { coding: [{ system: `${hl7}v3-ObservationInterpretation`, code: 'H', display: 'High' }] },
      { nl: 'hoog', en: 'high', de: 'hoch' },
    ],
    [
      'has those of Encounter.class',
      { coding: [{ system: `${hl7}v3-ActCode`, code: 'HH' }] },
      { nl: 'thuis', en: 'at home', de: 'zu Hause' },
    ],
    [
      'has those of status codes',
      { coding: [{ system: `${hl7}condition-clinical`, code: 'resolved', display: 'Resolved' }] },
      { nl: 'genezen', en: 'resolved', de: 'ausgeheilt' },
    ],
    [
      'has none for another system’s code',
      { coding: [{ system: 'urn:x', code: 'active', display: 'A' }] },
      same('A'),
    ],
    [
      'has none for what every object has',
      { coding: [{ system: `${hl7}x`, code: 'constructor' }] },
      same('constructor'),
    ],
  ])('%s', (_words, concept, expected) => {
    expect(shown('CodeableConcept', concept)).toEqual(expected);
  });

  it('is told in a translation that it has', () => {
    const concept = { text: 'pain', _text: { extension: translations('pijn') } };
    expect(shown('CodeableConcept', concept)).toEqual({ nl: 'pijn', en: 'pain', de: 'pain' });
    const coding = { display: 'pain', _display: { extension: translations('pijn') } };
    expect(shown('CodeableConcept', { coding: [coding] }).nl).toBe('pijn');
  });
});

it.each([
  ['not-done', { nl: 'NIET uitgevoerd', en: 'NOT done', de: 'NICHT durchgeführt' }],
  ['some-new-code', same('some new code')],
  ['constructor', same('constructor')],
])('a code has words: %s', (code, expected) => {
  expect(shown('code', code)).toEqual(expected);
});

describe('a dosage', () => {
  const dose = [{ doseQuantity: { value: 2, unit: 'tablet' } }];
  const repeat = (more: object): Dosage => ({ doseAndRate: dose, timing: { repeat: more } });

  it.each<[Dosage, Record<Language, string>]>([
    [{ text: 'as said', doseAndRate: dose }, same('as said')],
    [
      repeat({ frequency: 3, period: 1, periodUnit: 'd' }),
      { nl: '2 tablet, 3× per dag', en: '2 tablet, 3× per day', de: '2 tablet, 3× pro Tag' },
    ],
    [
      repeat({ frequency: 1, frequencyMax: 2, period: 4, periodMax: 6, periodUnit: 'h' }),
      {
        nl: '2 tablet, 1–2× elke 4–6 uur',
        en: '2 tablet, 1–2× every 4–6 hours',
        de: '2 tablet, 1–2× alle 4–6 Stunden',
      },
    ],
    [
      repeat({ dayOfWeek: ['mon'], when: ['HS'], timeOfDay: ['22:00:00'] }),
      {
        nl: '2 tablet, maandag, voor het slapen, 22:00',
        en: '2 tablet, Monday, before going to sleep, 22:00',
        de: '2 tablet, Montag, vor dem Schlafengehen, 22:00',
      },
    ],
    [
      {
        ...repeat({ period: 1, periodUnit: 'd', boundsDuration: { value: 7, code: 'd', system: ucum } }),
        asNeededBoolean: true,
      },
      {
        nl: '2 tablet, 1× per dag, gedurende 7 dagen, zo nodig',
        en: '2 tablet, 1× per day, for 7 days, as needed',
        de: '2 tablet, 1× pro Tag, Dauer: 7 Tage, bei Bedarf',
      },
    ],
    [
      {
        asNeededCodeableConcept: { text: 'X' },
        route: { text: 'oral' },
        maxDosePerPeriod: {
          numerator: { value: 4, unit: 'g' },
          denominator: { value: 1, code: 'd', system: ucum },
        },
      },
      {
        nl: 'oral, zo nodig bij X, hoogstens 4 g / 1 dag',
        en: 'oral, as needed for X, at most 4 g / 1 day',
        de: 'oral, bei Bedarf wegen X, höchstens 4 g / 1 Tag',
      },
    ],
    [{ timing: { code: { coding: [{ code: 'BID', display: 'twice a day' }] } } }, same('twice a day')],
    [{}, same('')],
  ])('is told in full: %j', (dosage, expected) => {
    expect(shown('Dosage', dosage)).toEqual(expected);
  });
});
