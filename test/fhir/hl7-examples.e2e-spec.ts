import { type ClinicalType, clinicalTypes } from '@bridge/contracts';
import type { CareTeam, Patient, Resource } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import { type FhirSide, type RecordServer, prepareFhirSide, startRecordServer } from '../support/fhir-side';
import { hl7Examples } from '../support/hl7-examples';
import { countsOf } from '../support/metric';
import { outcomeOfSteps, step } from '../support/step';
import { until } from '../support/until';

/*
 * HL7's own R4 examples, on a real FHIR server, each told to the bridge by a notification: through fhir-ingress, the
 * queue and fhir-mapper, up to the commands for room-manager. None of it was written with this bridge in mind.
 */

/** What is put to the test. */
const types = [
  'CareTeam',
  'Communication',
  'CommunicationRequest',
  'Task',
  'Encounter',
  'Observation',
  'MedicationRequest',
  'ServiceRequest',
  'DiagnosticReport',
  'Appointment',
  'DocumentReference',
] as const;
/** What those refer to: it is there, and nothing is told of it. */
const around = [
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
  'Organization',
  'Location',
  'Medication',
] as const;

interface Command {
  readonly source?: string;
  readonly careTeam?: string;
  readonly conversation?: string;
  readonly content?: { readonly body?: string };
}

let record: RecordServer;
let side: FhirSide;
const stored: string[] = [];
/** Type, what became of it, and how often. */
const table: (readonly [type: string, outcome: string, count: number])[] = [];

beforeAll(async () => {
  record = await startRecordServer();
  side = await prepareFhirSide(record, 'hl7', { CLINICAL_TYPES: clinicalTypes.join(',') });
  await side.bridge['fhir-ingress'].start();
  await side.bridge['fhir-mapper'].start();
}, 120_000);

afterAll(async () => {
  await side?.stop();
  await record?.stop(outcomeOfSteps());
}, 60_000);

/** As the FHIR server tells it. */
async function notify(resource: Resource): Promise<number> {
  const { resourceType, id } = resource;
  const url = `${side.notifyUrl}/${resourceType}/${id}`;
  const headers = {
    authorization: `Bearer ${side.environment.notificationSecret}`,
    'content-type': 'application/fhir+json',
  };
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(resource) });
  return answer.status;
}

async function allHandled(): Promise<void> {
  const done = async () => (await side.queue.manager.streams.info('MAPPING')).state.messages === 0;
  await until('the mapper to be done', done, 90_000);
}

/** A team around each patient, so that what is about them concerns somebody; the examples have one team in all. */
function teamOf({ id }: Patient): CareTeam {
  return {
    resourceType: 'CareTeam',
    id: `team-of-${id}`,
    subject: { reference: `Patient/${id}` },
    participant: [{ member: { reference: 'Practitioner/example' } }],
  };
}

/** One line for each type and outcome. */
function note(type: string, outcome: string, count: number): void {
  if (count > 0) table.push([type, outcome, count]);
}

step('the people, places and teams of the examples are in the record', async () => {
  // AuditEvents are the last that a pull turns to.
  const cursors = "SELECT 1 FROM notification_cursor WHERE resource_type = 'AuditEvent'";
  const isFollowing = async () => (await side.query(cursors)).length > 0;
  await until('the first pull, from which on changes are followed', isFollowing);
  for (const type of around) for (const resource of hl7Examples(type)) await record.api.update(resource);
  const patients = hl7Examples<Patient>('Patient');
  for (const patient of patients) await record.api.update<CareTeam>(teamOf(patient));
  await allHandled();
});

step('each example is taken by the server, or refused by it, and told to the bridge', async () => {
  for (const type of types) {
    for (const example of hl7Examples(type)) {
      try {
        await record.api.update(example);
        stored.push(`${type}/${example.id}`);
      } catch (error) {
        note(type, `refused by the FHIR server: ${reasonOf(error)}`, 1);
      }
      expect(await notify(example)).toBe(204);
    }
  }
  await allHandled();
  expect(stored.length).toBeGreaterThan(150);
});

step('none crashes the mapper, and none is given up without a class of failure', async () => {
  expect((await fetch(`${urlOf('fhir-mapper', side.environment)}/ready`)).status).toBe(200);
  const letters = await side.queue.held('DEAD_LETTERS');
  for (const letter of letters) {
    const { ref } = JSON.parse(letter.payload.toString()) as { ref: string };
    expect(letter.header('Bridge-Failure-Class')).toMatch(/^[a-z-]+$/);
    note(ref.split('/')[0] ?? '', `given up: ${letter.header('Bridge-Failure-Class')}`, 1);
  }
});

step('each is mapped, or the bridge says why there is nothing to do', async () => {
  const commands = (await side.queue.heldJson('ROOMS')) as Command[];
  const asked = (ref: string) =>
    commands.filter((each) => [each.source, each.careTeam, each.conversation].includes(ref));
  const given = await givenUp();
  const mapper = urlOf('fhir-mapper', side.environment);
  const lines = await countsOf(mapper, 'bridge_clinical_resources_total');
  const communications = await countsOf(mapper, 'bridge_communications_total');
  const requests = await countsOf(mapper, 'bridge_communication_requests_total');
  for (const type of types) {
    const refs = stored.filter((ref) => ref.startsWith(`${type}/`) && !given.has(ref));
    if (isClinical(type)) {
      const ofType = lines.filter(({ labels }) => labels.type === type);
      for (const { labels, count } of ofType) note(type, outcomeInWords(labels.outcome), count);
      expect(sum(ofType)).toBe(refs.length);
      const told = refs.filter((ref) => asked(ref).some(({ content }) => content?.body !== undefined));
      expect(told).toHaveLength(sum(ofType.filter(({ labels }) => labels.outcome === 'told')));
    } else if (type === 'CareTeam') {
      expect(refs.filter((ref) => asked(ref).length === 0)).toEqual([]);
      note(type, 'mapped', refs.length);
    } else {
      const ofType = type === 'Communication' ? communications : requests;
      for (const { labels, count } of ofType) note(type, outcomeInWords(labels.outcome), count);
      expect(sum(ofType)).toBe(refs.length);
    }
  }
  const counted = table.reduce((total, [, , count]) => total + count, 0);
  expect(counted).toBe(types.reduce((total, type) => total + hl7Examples(type).length, 0));
  // Seven in ten are about a patient with a team: that they are told is the point of it all.
  const mapped = table.filter(([, outcome]) => outcome.startsWith('mapped'));
  expect(mapped.reduce((total, [, , count]) => total + count, 0)).toBeGreaterThan(0.7 * counted);
  process.stdout.write(`\n${asText(table)}\n`);
});

step('no line names a patient, in words or by number', async () => {
  const bodies = ((await side.queue.heldJson('ROOMS')) as Command[]).map(
    ({ content }) => content?.body ?? '',
  );
  for (const { identifier = [] } of hl7Examples<Patient>('Patient')) {
    for (const { value = '' } of identifier) {
      const whole = new RegExp(`(?<![\\p{L}\\p{N}])${value.replace(/\W/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'u');
      if (value.length > 4) expect(bodies.filter((body) => whole.test(body))).toEqual([]);
    }
  }
});

async function givenUp(): Promise<ReadonlySet<string>> {
  const letters = (await side.queue.heldJson('DEAD_LETTERS')) as { ref: string }[];
  return new Set(letters.map(({ ref }) => ref));
}

function isClinical(type: string): type is ClinicalType {
  return (clinicalTypes as readonly string[]).includes(type);
}

function outcomeInWords(outcome = ''): string {
  const mapped = ['told', 'sent', 'taken-back', 'applied'].includes(outcome);
  return `${mapped ? 'mapped' : 'nothing to do'}: ${outcome}`;
}

function sum(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

/** The status, and what the server says of it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, text] = /"text":("(?:[^"\\]|\\.)*")/.exec(message) ?? [];
  return text === undefined ? message.slice(0, 80) : (JSON.parse(text) as string);
}

function asText(rows: typeof table): string {
  const counts = new Map<string, number>();
  for (const [type, outcome, count] of rows) {
    const key = `${type.padEnd(22)}${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return [...counts].map(([key, count]) => `${String(count).padStart(5)}  ${key}`).join('\n');
}
