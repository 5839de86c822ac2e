import type { FhirRef } from '@bridge/contracts';
import { type FhirClient, FhirRefusal } from '@bridge/fhir';
import { ClinicalNames } from './clinical-names';

const resources: Readonly<Record<string, object>> = {
  'Practitioner/d': { resourceType: 'Practitioner', name: [{ text: 'Dr. Alami' }] },
  'PractitionerRole/r': { resourceType: 'PractitionerRole', practitioner: { reference: 'Practitioner/d' } },
  'PractitionerRole/round': {
    resourceType: 'PractitionerRole',
    practitioner: { reference: 'PractitionerRole/round' },
  },
  'Patient/p': { resourceType: 'Patient', name: [{ text: 'Jan' }], identifier: [{ value: '999911120' }] },
};

function setUp() {
  const read: string[] = [];
  const fhir = {
    refAt: (url: string) => (url.startsWith('http') ? undefined : url),
    read: async (ref: FhirRef) => {
      read.push(ref);
      if (ref === 'Practitioner/hidden') throw new FhirRefusal(403, 'read', '');
      return resources[ref];
    },
  } as unknown as FhirClient;
  return { names: new ClinicalNames(fhir), read };
}

it('people are named, be it by their role; patients and what is elsewhere, hidden or missing are not', async () => {
  const { names } = setUp();
  const references = [
    'Practitioner/d',
    'PractitionerRole/r',
    'PractitionerRole/round',
    'Patient/p',
    'Practitioner/hidden',
    'Practitioner/missing',
    'https://elsewhere.example/fhir/Practitioner/d',
  ];
  const found = await names.of(references);
  expect([...found.keys()]).toEqual(references);
  expect([...found.values()]).toEqual([
    'Dr. Alami',
    'Dr. Alami',
    ...Array.from({ length: 5 }, () => undefined),
  ]);
});

it('a name is read once, also where there is none; identifiers of a patient are read each time', async () => {
  const { names, read } = setUp();
  for (const reference of ['Practitioner/d', 'Practitioner/missing']) {
    await names.of([reference]);
    await names.of([reference]);
  }
  expect(read).toEqual(['Practitioner/d', 'Practitioner/missing']);
  const identifiers = [
    await names.identifiersOf('Patient/p' as FhirRef),
    await names.identifiersOf('Patient/p' as FhirRef),
  ];
  expect(identifiers).toEqual([['999911120'], ['999911120']]);
  expect(read).toHaveLength(4);
});
