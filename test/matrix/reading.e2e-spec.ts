import type { AuditEvent, Communication, PractitionerRole, Task } from '@medplum/fhirtypes';
import { communication, subscription } from '../../deploy/local/src/example-data';
import { sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * Who has read what: read receipts of clients on three homeservers on one side, Tasks and AuditEvents on the other.
 */

let care: CareConversation;

beforeAll(async () => {
  care = await startCareConversation();
  const { stack, network } = care;
  for (const criteria of ['Task?', 'AuditEvent?'])
    await network.fhir.create(subscription(criteria, stack.notifyUrl, stack.environment.notificationSecret));
}, 120_000);

afterAll(() => care?.stop(outcomeOfSteps()), 60_000);

/** What the carer writes, once everybody can read it. */
async function written(text: string): Promise<{ ref: string; eventId: string }> {
  const { written, seen } = await writeInFhir(care.thread, text);
  return { ref: `Communication/${written.id}`, eventId: seen[0]!.event_id };
}

/** What somebody has to read. */
async function toRead(
  owner: string,
  focus: string,
  more: Partial<Task> = {},
): Promise<Task & { id: string }> {
  return care.network.fhir.create<Task>({
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    basedOn: [{ reference: `CommunicationRequest/${care.thread.request.id}` }],
    owner: { reference: owner },
    focus: { reference: focus },
    ...more,
  });
}

const statusOf = async ({ id }: { id: string }) => (await care.network.fhir.read<Task>('Task', id)).status;

const done = (task: { id: string }) =>
  until(`the completion of Task/${task.id}`, async () => (await statusOf(task)) === 'completed');

/** The AuditEvents of this reader and message, the bridge's and others'. */
const accesses = (reader: string, what: string) =>
  care.network.fhir.search<AuditEvent>('AuditEvent', { agent: reader, entity: what, action: 'R' });

const practitioner = (person: { resource: { id: string } }) => `Practitioner/${person.resource.id}`;

function access(reader: string, what: string): AuditEvent {
  return {
    resourceType: 'AuditEvent',
    type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
    subtype: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'access' }],
    action: 'R',
    recorded: new Date().toISOString(),
    outcome: '0',
    agent: [{ who: { reference: reader }, requestor: true }],
    source: { observer: { display: 'The portal' } },
    entity: [{ what: { reference: what } }],
  };
}

/** Waits until the GP's client, on another homeserver, shows that a ghost has read this event. */
async function ghostHasRead(eventId: string): Promise<string> {
  const { matrix } = care.network.gp;
  const receipt = await matrix.waitFor('the receipt', () =>
    matrix.receipts.find((each) => each.eventId === eventId && each.userId.startsWith('@_fhir_bridge_')),
  );
  return receipt.userId;
}

describe('somebody who reads in Matrix', () => {
  step('completes their own open Tasks up to that message, and no others', async () => {
    const { network, thread } = care;
    const { gp, nurse, fhir } = network;
    const role = await fhir.create<PractitionerRole>({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${gp.resource.id}` },
    });
    const earlier = await written('Read this first.');
    const read = await written('And then this.');
    const later = await written('This comes later.');
    const mine = await toRead(practitioner(gp), read.ref);
    const asRole = await toRead(`PractitionerRole/${role.id}`, earlier.ref, { status: 'accepted' });
    const notYet = await toRead(practitioner(gp), later.ref);
    const others = await toRead(practitioner(nurse), read.ref);
    const cancelled = await toRead(practitioner(gp), read.ref, { status: 'cancelled' });
    await gp.matrix.markRead(thread.roomId, read.eventId);
    await done(mine);
    await done(asRole);
    await until(
      'the AuditEvent that is written after the Tasks',
      async () => (await accesses(practitioner(gp), read.ref)).length > 0,
    );
    expect(await Promise.all([notYet, others, cancelled].map(statusOf))).toEqual([
      'requested',
      'requested',
      'cancelled',
    ]);
    await gp.matrix.markRead(thread.roomId, later.eventId);
    await done(notYet);
    expect(await statusOf(others)).toBe('requested');
  });

  step(
    'leaves one AuditEvent of the access for each message, from whatever homeserver they read',
    async () => {
      const { gp, nurse, pharmacist } = care.network;
      const { ref, eventId } = await written('Who has read this?');
      const readers = [gp, nurse, pharmacist];
      for (const { matrix } of readers) await matrix.markRead(care.thread.roomId, eventId);
      for (const reader of readers) {
        const [event] = await until('the AuditEvent', async () => {
          const found = await accesses(practitioner(reader), ref);
          return found.length > 0 && found;
        });
        expect(event).toMatchObject({
          type: { code: 'rest' },
          subtype: [{ code: 'access' }],
          action: 'R',
          meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }] },
        });
      }
    },
  );

  step('has read the message before an event that is none, once', async () => {
    const { network, thread } = care;
    const { gp } = network;
    const { ref, eventId } = await written('Please react.');
    await gp.matrix.markRead(thread.roomId, eventId);
    const first = await until('the AuditEvent', async () => {
      const found = await accesses(practitioner(gp), ref);
      return found.length > 0 && found;
    });
    const own = await sayInMatrix(thread, network.nurse, 'I will.');
    const edit = await network.nurse.matrix.say(thread.roomId, '* I will!', {
      'm.relates_to': { rel_type: 'm.replace', event_id: own.eventId },
      'm.new_content': { msgtype: 'm.text', body: 'I will!' },
    });
    await gp.matrix.waitForMessage(thread.roomId, '* I will!');
    await gp.matrix.markRead(thread.roomId, edit.eventId);
    await until(
      'the AuditEvent of the edited message',
      async () => (await accesses(practitioner(gp), `Communication/${own.recorded.id}`)).length === 1,
    );
    expect((await accesses(practitioner(gp), ref)).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  });
});

describe('somebody who reads in FHIR', () => {
  step(
    'has read in Matrix when their Task is completed, shown by their ghost on other homeservers',
    async () => {
      const { network } = care;
      const { recorded, eventId } = await sayInMatrix(care.thread, network.gp, 'Did you see this, Ruben?');
      const task = await toRead(`RelatedPerson/${network.carer.id}`, `Communication/${recorded.id}`);
      await network.fhir.update<Task>({ ...task, status: 'completed' });
      const ghost = await ghostHasRead(eventId);
      const state = await network.gp.matrix.state(care.thread.roomId);
      const member = state.find(({ type, state_key: key }) => type === 'm.room.member' && key === ghost);
      expect(member?.content.displayname).toContain('Ruben de Wit');
    },
  );

  step('has read in Matrix when an AuditEvent tells of it', async () => {
    const { network } = care;
    const { recorded, eventId } = await sayInMatrix(care.thread, network.nurse, 'And this?');
    await network.fhir.create(access(`RelatedPerson/${network.carer.id}`, `Communication/${recorded.id}`));
    await ghostHasRead(eventId);
  });

  step('is left to their own client when they have an account', async () => {
    const { network, thread } = care;
    const { nurse, carer, fhir } = network;
    const { recorded, eventId } = await sayInMatrix(thread, network.gp, 'Sanne, have you read this?');
    const ref = `Communication/${recorded.id}`;
    const hers = await toRead(practitioner(nurse), ref);
    await fhir.update<Task>({ ...hers, status: 'completed' });
    await fhir.create(access(practitioner(nurse), ref));
    const his = await toRead(`RelatedPerson/${carer.id}`, ref);
    await fhir.update<Task>({ ...his, status: 'completed' });
    const ghost = await ghostHasRead(eventId);
    const readers = network.gp.matrix.receipts.filter((receipt) => receipt.eventId === eventId);
    expect(readers.map(({ userId }) => userId).filter((userId) => userId !== ghost)).toEqual([]);
  });
});

step('what the bridge has noted of reading never comes back as a receipt', async () => {
  const { gp, carer, fhir } = care.network;
  const { ref, eventId } = await written('The last one.');
  await gp.matrix.markRead(care.thread.roomId, eventId);
  await until('the AuditEvent', async () => (await accesses(practitioner(gp), ref)).length > 0);
  const written2: Communication = communication(
    care.thread.request.id,
    care.network.patient.id,
    care.thread.team.id,
    `RelatedPerson/${carer.id}`,
    'Really the last one.',
  );
  const last = await fhir.create(written2);
  await gp.matrix.waitForMessage(care.thread.roomId, 'Really the last one.');
  await fhir.create(access(`RelatedPerson/${carer.id}`, `Communication/${last.id}`));
  const event = await gp.matrix.waitForMessage(care.thread.roomId, 'Really the last one.');
  const ghost = await ghostHasRead(event.event_id);
  const ghosts = gp.matrix.receipts
    .map(({ userId }) => userId)
    .filter((userId) => userId.startsWith('@_fhir_bridge_'));
  expect([...new Set(ghosts)]).toEqual([ghost]);
});

step('nothing of all this is among the dead letters', async () => {
  expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
});
