import type { DiagnosticReport, Observation, Task } from '@medplum/fhirtypes';
import { patientWords, practitioner, subscription } from '../../deploy/local/src/example-data';
import { urlOf } from '../../deploy/local/src/bridge';
import type { SeenEvent } from '../../deploy/local/src/matrix-user';
import { recordOf } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { metricOf } from '../support/metric';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * What is measured, reported and to be done in FHIR, as a GP on another homeserver reads it in the care team's own room.
 */

const types = 'Observation,DiagnosticReport,Task';
const [, , , bsn] = patientWords;

let care: CareConversation;
let bot: string;
let roomId: string;
let weight: Observation & { id: string };
let told: Omit<SeenEvent, 'seenAt'>;
let report: DiagnosticReport & { id: string };
let reported: SeenEvent;
let document: SeenEvent;

beforeAll(async () => {
  const looksOften = { FHIR_PULL_INTERVAL_MS: '1000', FHIR_DELETES_INTERVAL_MS: '500' };
  care = await startCareConversation({
    homeservers: 'vvt',
    settings: { CLINICAL_TYPES: types, BOT_LANGUAGE: 'nl', ...looksOften },
  });
  const { stack, network } = care;
  bot = `@_fhir_bridge_bot:${stack.environment.serverName}`;
  for (const type of types.split(',')) {
    const { notificationSecret } = stack.environment;
    await network.fhir.create(subscription(`${type}?`, stack.notifyUrl, notificationSecret));
  }
}, 180_000);

afterAll(() => care?.stop(outcomeOfSteps()), 60_000);

const outcomes = (type: string, outcome: string) =>
  metricOf(
    urlOf('fhir-mapper', care.stack.environment),
    `bridge_clinical_resources_total{type="${type}",outcome="${outcome}"}`,
  );

/** Resolves when the mapper has come to this outcome once more than before. */
async function withOutcome(type: string, outcome: string, act: () => Promise<unknown>): Promise<void> {
  const before = await outcomes(type, outcome);
  await act();
  await until(`${type}: ${outcome}`, async () => (await outcomes(type, outcome)) > before);
}

const gp = () => care.network.gp.matrix;
const inRoom = (find: (event: SeenEvent) => boolean) => () =>
  gp().events.find((event) => event.room_id === roomId && find(event));

const subjectOf = (id: string) => ({ reference: `Patient/${id}` as const });

step(
  'a measurement is a notice of the bot in the room of the patient’s care team, in the language of the place',
  async () => {
    const { fhir, patient, nurse } = care.network;
    const doctor = await fhir.create(practitioner('Dr. Els Vermeer', '@e.vermeer:nowhere.example'));
    weight = await fhir.create<Observation>({
      resourceType: 'Observation',
      status: 'final',
      code: {
        text: `Lichaamsgewicht (BSN ${bsn})`,
        coding: [{ system: 'http://loinc.org', code: '29463-7' }],
      },
      subject: { ...subjectOf(patient.id), display: 'Willemijn Oosterhuis' },
      performer: [{ reference: `Practitioner/${doctor.id}` }],
      effectiveDateTime: '2026-03-10T12:00:00Z',
      valueQuantity: { value: 71.5, unit: 'kg' },
    });
    const { spaceId, roomId: thread } = care.thread;
    const invite = await gp().waitFor('an invite to the care team’s own room', () =>
      [...gp().invites.values()].find((each) => ![spaceId, thread].includes(each.roomId)),
    );
    roomId = invite.roomId;
    // A homeserver that joins at the very moment of a message hears of it with the next one only: people are slower.
    for (const { matrix } of [nurse, care.network.gp]) {
      await matrix.accept(roomId);
      told = await until('the line', async () =>
        (await matrix.history(roomId)).find(({ content }) => content.msgtype === 'm.notice'),
      );
    }
    expect(told.sender).toBe(bot);
    expect(told.content).toMatchObject({
      body: 'Lichaamsgewicht (BSN …): 71,5 kg (definitief, 10 mrt 2026, 13:00) – Dr. Els Vermeer',
      'nl.fhir-bridge.source': { type: 'Observation', id: weight.id },
      'm.mentions': {},
    });
  },
);

step('a new version changes the line, and the line only', async () => {
  await care.network.fhir.update<Observation>({
    ...weight,
    valueQuantity: { value: 72, unit: 'kg' },
    status: 'corrected',
  });
  const edit = await gp().waitFor(
    'the edit',
    inRoom(({ content }) => (content['m.relates_to'] as { event_id?: string })?.event_id === told.event_id),
  );
  expect(edit.content['m.new_content']).toMatchObject({
    body: expect.stringContaining('72 kg (gecorrigeerd') as string,
  });
});

step(
  'an answer to the line is about what was measured; a reaction to it changes nothing in the record',
  async () => {
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: told.event_id } } };
    const reaction = { 'm.relates_to': { rel_type: 'm.annotation', event_id: told.event_id, key: '👍' } };
    await gp().send(roomId, 'm.reaction', reaction);
    const { eventId } = await gp().say(roomId, 'Gaat goed zo.', reply);
    // The same room, so the reaction was worked on before.
    const answer = await recordOf(care.network, eventId);
    expect(answer.about).toEqual([{ reference: `Observation/${weight.id}`, type: 'Observation' }]);
    expect(answer.inResponseTo).toBeUndefined();
    const now = await care.network.fhir.read<Observation>('Observation', weight.id);
    expect(now.meta?.versionId).toBe('2');
  },
);

step('a report comes with its document', async () => {
  const pdf = Buffer.from('%PDF-1.7 a report').toString('base64');
  report = await care.network.fhir.create<DiagnosticReport>({
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { text: 'Röntgenfoto' },
    subject: subjectOf(care.network.patient.id),
    conclusion: 'Geen afwijkingen.',
    presentedForm: [{ contentType: 'application/pdf', title: `Verslag ${bsn}.pdf`, data: pdf }],
  });
  reported = await gp().waitFor(
    'the line of the report',
    inRoom(({ content }) => String(content.body).startsWith('Uitslag Röntgenfoto')),
  );
  expect(reported.content.body).toBe('Uitslag Röntgenfoto: Geen afwijkingen. (definitief)');
  document = await gp().waitFor(
    'the file',
    inRoom(({ content }) => content.msgtype === 'm.file'),
  );
  expect([document.sender, document.content.body]).toEqual([bot, 'Verslag ….pdf']);
  expect(document.content.info).toMatchObject({ mimetype: 'application/pdf', size: 17 });
});

step('a Task that counts who has read is no line; a Task to do is', async () => {
  const { fhir, patient, carer } = care.network;
  const task: Task = {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    for: subjectOf(patient.id),
    description: 'Wond verzorgen',
  };
  await withOutcome('Task', 'bookkeeping', () =>
    fhir.create<Task>({
      ...task,
      description: 'Ongelezen',
      basedOn: [{ reference: `CommunicationRequest/${care.thread.request.id}` }],
      owner: { reference: `RelatedPerson/${carer.id}` },
    }),
  );
  await withOutcome('Task', 'told', () => fhir.create(task));
  await gp().waitForMessage(roomId, 'Taak: Wond verzorgen – aangevraagd');
  expect(gp().events.filter(({ content }) => String(content.body).includes('Ongelezen'))).toEqual([]);
});

step('what is about somebody without a care team is told to nobody', async () => {
  const { fhir } = care.network;
  const other = await fhir.create({ resourceType: 'Patient', name: [{ family: 'Elders' }] });
  await withOutcome('Observation', 'no-care-team', () =>
    fhir.create<Observation>({ ...weight, id: undefined, subject: subjectOf(other.id) }),
  );
});

step('what is entered in error is taken back', async () => {
  await care.network.fhir.update<Observation>({ ...weight, status: 'entered-in-error' });
  await gp().waitFor(
    'the redaction',
    inRoom(
      ({ type, content, sender }) => type === 'm.room.redaction' && sender === bot && content !== undefined,
    ),
  );
});

step('what is deleted is taken back, with its document', async () => {
  const { status } = await fetch(`${care.network.fhir.baseUrl}/DiagnosticReport/${report.id}`, {
    method: 'DELETE',
  });
  expect(status).toBe(204);
  for (const { event_id: id } of [reported, document]) {
    await gp().waitFor(
      'the redaction',
      inRoom(({ type, content }) => type === 'm.room.redaction' && content.redacts === id),
    );
  }
});

step(
  'what the room has seen is each line once, without a word of who the patient is, and nothing was given up',
  async () => {
    // Who was there from the beginning, on the homeserver of the bridge.
    const { matrix: witness } = care.network.nurse;
    const { events } = witness;
    await witness.waitFor('the last redaction', () =>
      events.some(({ content }) => content.redacts === document.event_id),
    );
    const seen = events.filter((event) => event.room_id === roomId && event.type === 'm.room.message');
    const isEdit = ({ content }: SeenEvent) =>
      (content['m.relates_to'] as { rel_type?: string })?.rel_type === 'm.replace';
    const lines = seen.filter((event) => event.sender === bot && !isEdit(event));
    expect(lines).toHaveLength(4);
    for (const word of patientWords) expect(JSON.stringify(seen)).not.toContain(word);
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
  },
);
