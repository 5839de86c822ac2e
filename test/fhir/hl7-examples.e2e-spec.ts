import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClinicalType, clinicalTypes } from '@bridge/contracts';
import type { CareTeam, Patient, Resource } from '@medplum/fhirtypes';
import {
  type BridgeApp,
  type BridgeEnvironment,
  bridgeProcesses,
  urlOf,
} from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { localFhirServer } from '../../deploy/local/src/fhir-server-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { queryDatabase } from '../support/database';
import { hl7Examples } from '../support/hl7-examples';
import { InspectedQueue } from '../support/inspected-queue';
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

const source = `hl7-${randomBytes(4).toString('hex')}`;
const secret = randomBytes(32).toString('hex');

let queue: InspectedQueue;
let directory: string;
let environment: BridgeEnvironment;
let fhir: FhirApi;
let fhirServer: ManagedProcess;
let bridge: Record<BridgeApp, ManagedProcess>;
const stored: string[] = [];
/** Type, what became of it, and how often. */
const table: (readonly [type: string, outcome: string, count: number])[] = [];

beforeAll(async () => {
  queue = await InspectedQueue.start();
  directory = await mkdtemp(join(tmpdir(), 'bridge-hl7-'));
  const ports = (await freePorts(5)) as [number, number, number, number, number];
  const server = localFhirServer({ directory, port: ports[0], logFile: join(directory, 'fhir-server.log') });
  fhirServer = server.process;
  await fhirServer.start();
  fhir = new FhirApi(server.baseUrl);
  environment = {
    ports: {
      'fhir-ingress': ports[1],
      'fhir-mapper': ports[2],
      'as-ingress': ports[3],
      'room-manager': ports[4],
    },
    serverName: 'care.example',
    // Nothing of what is tested here asks the homeserver.
    homeserverUrl: 'http://127.0.0.1:9',
    natsUrl: queue.server.url,
    databaseUrl: process.env.TEST_DATABASE_URL ?? '',
    fhirBaseUrl: server.baseUrl,
    asToken: secret,
    hsToken: secret,
    encryptionKey: randomBytes(32).toString('base64'),
    notificationSecret: secret,
    logDirectory: directory,
    settings: { FHIR_NOTIFICATION_SECRETS: `${source}=${secret}`, CLINICAL_TYPES: clinicalTypes.join(',') },
  };
  bridge = bridgeProcesses(environment);
  await bridge['fhir-ingress'].start();
  await bridge['fhir-mapper'].start();
}, 120_000);

afterAll(async () => {
  const outcome = outcomeOfSteps();
  await Promise.all([bridge?.['fhir-ingress'].stop(), bridge?.['fhir-mapper'].stop()]);
  await fhirServer?.stop();
  await queue?.stop();
  if (outcome === 'succeeded') await rm(directory, { recursive: true, force: true });
}, 30_000);

/** As the FHIR server tells it. */
async function notify(resource: Resource): Promise<number> {
  const { resourceType, id } = resource;
  const url = `${urlOf('fhir-ingress', environment)}/notify/${source}/${resourceType}/${id}`;
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/fhir+json' };
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(resource) });
  return answer.status;
}

async function allHandled(): Promise<void> {
  const done = async () => (await queue.manager.streams.info('MAPPING')).state.messages === 0;
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
  const cursors = "SELECT 1 FROM notification_cursor WHERE source = $1 AND resource_type = 'AuditEvent'";
  await until('the first pull, from which on changes are followed', async () => {
    return (await queryDatabase(environment.databaseUrl, cursors, [source])).length > 0;
  });
  for (const type of around) for (const resource of hl7Examples(type)) await fhir.update(resource);
  const patients = hl7Examples<Patient>('Patient');
  for (const patient of patients) await fhir.update<CareTeam>(teamOf(patient));
  await allHandled();
});

step('each example is taken by the server, or refused by it, and told to the bridge', async () => {
  for (const type of types) {
    for (const example of hl7Examples(type)) {
      try {
        await fhir.update(example);
        stored.push(`${type}/${example.id}`);
      } catch (error) {
        note(type, `refused by the FHIR server: ${reasonOf(error)}`, 1);
        continue;
      }
      expect(await notify(example)).toBe(204);
    }
  }
  await allHandled();
  expect(stored.length).toBeGreaterThan(150);
});

step('none crashes the mapper, and none is given up without a class of failure', async () => {
  expect((await fetch(`${urlOf('fhir-mapper', environment)}/ready`)).status).toBe(200);
  const letters = await queue.held('DEAD_LETTERS');
  for (const letter of letters) {
    const { ref } = JSON.parse(letter.payload.toString()) as { ref: string };
    expect(letter.header('Bridge-Failure-Class')).toMatch(/^[a-z-]+$/);
    note(ref.split('/')[0] ?? '', `given up: ${letter.header('Bridge-Failure-Class')}`, 1);
  }
});

step('each is mapped, or the bridge says why there is nothing to do', async () => {
  const commands = (await queue.heldJson('ROOMS')) as Command[];
  const asked = (ref: string) =>
    commands.filter((each) => [each.source, each.careTeam, each.conversation].includes(ref));
  const given = await givenUp();
  const mapper = urlOf('fhir-mapper', environment);
  const lines = await countsOf(mapper, 'bridge_clinical_resources_total');
  const communications = await countsOf(mapper, 'bridge_communications_total');
  for (const type of types) {
    const refs = stored.filter((ref) => ref.startsWith(`${type}/`) && !given.has(ref));
    if (isClinical(type)) {
      const ofType = lines.filter(({ labels }) => labels.type === type);
      for (const { labels, count } of ofType) note(type, outcomeInWords(labels.outcome), count);
      expect(sum(ofType)).toBe(refs.length);
      const told = refs.filter((ref) => asked(ref).some(({ content }) => content?.body !== undefined));
      expect(told).toHaveLength(sum(ofType.filter(({ labels }) => labels.outcome === 'told')));
    } else if (type === 'Communication') {
      for (const { labels, count } of communications) note(type, outcomeInWords(labels.outcome), count);
      expect(sum(communications)).toBe(refs.length);
    } else {
      const mapped = refs.filter((ref) => asked(ref).length > 0);
      note(type, 'mapped', mapped.length);
      note(type, 'nothing to do: over already, or nobody takes part', refs.length - mapped.length);
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
  const bodies = ((await queue.heldJson('ROOMS')) as Command[]).map(({ content }) => content?.body ?? '');
  for (const { identifier = [] } of hl7Examples<Patient>('Patient')) {
    for (const { value = '' } of identifier) {
      const whole = new RegExp(`(?<![\\p{L}\\p{N}])${value.replace(/\W/g, '\\$&')}(?![\\p{L}\\p{N}])`, 'u');
      if (value.length > 4) expect(bodies.filter((body) => whole.test(body))).toEqual([]);
    }
  }
});

async function givenUp(): Promise<ReadonlySet<string>> {
  const letters = (await queue.heldJson('DEAD_LETTERS')) as { ref: string }[];
  return new Set(letters.map(({ ref }) => ref));
}

function isClinical(type: string): type is ClinicalType {
  return (clinicalTypes as readonly string[]).includes(type);
}

function outcomeInWords(outcome = ''): string {
  const mapped = ['told', 'sent', 'taken-back'].includes(outcome);
  return `${mapped ? 'mapped' : 'nothing to do'}: ${outcome}`;
}

function sum(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

/** The status, and what the server says of it. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /"text":"([^"]+)"/.exec(message)?.[1] ?? message.slice(0, 80);
}

function asText(rows: typeof table): string {
  const counts = new Map<string, number>();
  for (const [type, outcome, count] of rows) {
    const key = `${type.padEnd(22)}${outcome}`;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return [...counts].map(([key, count]) => `${String(count).padStart(5)}  ${key}`).join('\n');
}
