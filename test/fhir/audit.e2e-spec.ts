import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent, CareTeam } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import type { ManagedProcess } from '../../deploy/local/src/child-process';
import { participant, practitioner, roles, subscription } from '../../deploy/local/src/example-data';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import { localFhirServer } from '../../deploy/local/src/fhir-server-process';
import { freePorts } from '../../deploy/local/src/free-port';
import { recordOf, sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { allSent, auditedOnce, auditIdIn, auditOf, chainIn } from '../support/audit-evidence';
import { comparedOnce } from '../support/at-rest';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { queryDatabase } from '../support/database';
import { metricOf } from '../support/metric';
import { deadLetterKinds, deliverAgain, emptyQueues } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * What the bridge tells of itself: AuditEvents on an audit server of the organisation's own, which is not there at first,
 * and the chained copy in Postgres.
 */

let care: CareConversation;
let auditServer: ManagedProcess;
let auditLogs: string;
let audit: FhirApi;

beforeAll(async () => {
  const [port] = (await freePorts(1)) as [number];
  auditLogs = await mkdtemp(join(tmpdir(), 'bridge-audit-'));
  const server = localFhirServer({ port, directory: auditLogs, logFile: join(auditLogs, 'fhir-server.log') });
  auditServer = server.process;
  audit = new FhirApi(server.baseUrl);
  care = await startCareConversation({ settings: { AUDIT_URL: server.baseUrl } });
  await comparedOnce(care.stack.federation, [care.thread.spaceId, care.thread.roomId]);
}, 120_000);

afterAll(async () => {
  await care?.stop(outcomeOfSteps());
  await auditServer?.stop();
  if (auditLogs) await rm(auditLogs, { recursive: true, force: true });
}, 60_000);

const databaseUrl = () => care.stack.federation.databaseUrl;
const gp = () => `Practitioner/${care.network.gp.resource.id}`;
const carer = () => `RelatedPerson/${care.network.carer.id}`;
const patient = () => `Patient/${care.network.patient.id}`;

/** Nothing is left that could be told, and all that was told is on the audit server. */
async function allTold(): Promise<void> {
  await emptyQueues(care.stack.federation.natsUrl);
  await allSent(databaseUrl());
}

const entitiesOf = ({ entity = [] }: AuditEvent) =>
  entity.map(({ what }) => what?.reference ?? what?.identifier?.value);

describe('while the audit server is away', () => {
  step('people talk, and what is told waits', async () => {
    const { thread, network } = care;
    await sayInMatrix(thread, network.gp, 'Said before the audit server came.');
    await writeInFhir(thread, 'Written before the audit server came.');
    // The last of it is told a moment after it can be seen.
    await until('the chain of what waits', async () => {
      const waiting = await queryDatabase(databaseUrl(), 'SELECT id FROM audit_outbox WHERE key IS NULL');
      const { report } = await chainIn(databaseUrl());
      return waiting.length > 4 && isDeepStrictEqual(report, { checked: waiting.length });
    });
  });

  step('nothing of it is lost when the sender is killed amid its work; nothing is there twice', async () => {
    const { bridge } = care.stack;
    await auditServer.start();
    await until('the first AuditEvents', async () => (await audit.search('AuditEvent', {})).length > 0);
    bridge['fhir-mapper'].kill('SIGKILL');
    await bridge['fhir-mapper'].exited;
    // What it had taken is nobody else's for some minutes: here they are over.
    await queryDatabase(databaseUrl(), 'UPDATE audit_outbox SET due_at = now() WHERE key IS NULL');
    await bridge['fhir-mapper'].start();
    await allTold();
    const sent = await audit.search<AuditEvent>('AuditEvent', {});
    expect(sent.map(auditIdIn).sort()).toEqual((await chainIn(databaseUrl())).ids.sort());
  });
});

describe('an AuditEvent', () => {
  step('tells of a message that was recorded: for whom, about whom, what, where', async () => {
    const { thread, network } = care;
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'She sleeps better now.');
    const event = await auditedOnce(audit, { deed: 'create', entity: eventId });
    expect(entitiesOf(event)).toEqual([patient(), `Communication/${recorded.id}`, thread.roomId, eventId]);
    expect(event).toMatchObject({ action: 'C', outcome: '0' });
    expect(event.agent?.[0]).toMatchObject({ who: { reference: gp() }, requestor: true });
    expect(JSON.stringify(event)).not.toContain('sleeps');
  });

  step('tells of an edit and of what was taken back', async () => {
    const { thread, network } = care;
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'Two pills.');
    const edit = { 'm.relates_to': { rel_type: 'm.replace', event_id: eventId } };
    await network.gp.matrix.say(thread.roomId, '* One pill.', {
      ...edit,
      'm.new_content': { msgtype: 'm.text', body: 'One pill.' },
    });
    await until('the edit', async () => {
      return (await recordOf(network, eventId)).payload?.[0]?.contentString === 'One pill.';
    });
    await network.gp.matrix.redact(thread.roomId, eventId, 'wrong');
    const updates = await until('both updates', async () => {
      const found = await auditOf(audit, { deed: 'update', entity: `Communication/${recorded.id}` });
      return found.length >= 2 && found;
    });
    expect(updates).toHaveLength(2);
    for (const update of updates) expect(update.agent?.[0]?.who?.reference).toBe(gp());
  });

  step('tells of a file, by its reference', async () => {
    const { thread, network } = care;
    const url = await network.gp.matrix.upload(randomBytes(1_024), 'image/png');
    const content = { msgtype: 'm.image', url, info: { mimetype: 'image/png' } };
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'wound.png', { content });
    const binary = recorded.payload?.[0]?.contentAttachment?.url ?? 'none';
    expect(entitiesOf(await auditedOnce(audit, { deed: 'create', entity: binary }))).toContain(eventId);
  });

  step('tells of what was written in FHIR and shown in Matrix', async () => {
    const { written, seen } = await writeInFhir(care.thread, 'Thank you all.');
    const event = await auditedOnce(audit, { deed: 'disclose', entity: `Communication/${written.id}` });
    expect(entitiesOf(event)).toEqual([
      patient(),
      `Communication/${written.id}`,
      care.thread.roomId,
      seen[0]!.event_id,
    ]);
    expect(event).toMatchObject({ type: { code: '110106' }, action: 'R', outcome: '0' });
    expect(event.agent?.[0]?.who?.reference).toBe(carer());
  });

  step('tells of each invite with the pseudonym, and of none without', async () => {
    const { gp: doctor, nurse } = care.network;
    for (const place of [care.thread.spaceId, care.thread.roomId]) {
      const invites = await auditOf(audit, { deed: 'disclose', agent: doctor.matrix.userId, entity: place });
      expect(invites).toHaveLength(1);
      expect(entitiesOf(invites[0]!)).toContain(patient());
    }
    expect(await auditOf(audit, { deed: 'disclose', agent: nurse.matrix.userId })).toEqual([]);
  });
});

describe('a refusal', () => {
  step('is told of somebody who edits what another one said', async () => {
    const { thread, network } = care;
    const { eventId } = await sayInMatrix(thread, network.gp, 'I have seen her.');
    const edit = await network.nurse.matrix.say(thread.roomId, '* I have not seen her.', {
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
      'm.new_content': { msgtype: 'm.text', body: 'I have not seen her.' },
    });
    const event = await auditedOnce(audit, { deed: 'update', entity: edit.eventId });
    expect(event).toMatchObject({ outcome: '4', outcomeDesc: 'not-the-sender' });
    expect(event.agent?.[0]?.who?.identifier?.value).toBe(network.nurse.matrix.userId);
  });

  step('is told of what the record cannot hold, beside the note that was recorded', async () => {
    const { thread, network } = care;
    const content = { msgtype: 'm.location', geo_uri: 'geo:52.1,5.1' };
    const { eventId } = await sayInMatrix(thread, network.nurse, 'I am here.', { content });
    const events = await until('both AuditEvents', async () => {
      const found = await auditOf(audit, { deed: 'create', entity: eventId });
      return found.length >= 2 && found;
    });
    expect(events.map(({ outcomeDesc }) => outcomeDesc ?? 'recorded').sort()).toEqual([
      'recorded',
      'unsupported-content',
    ]);
  });

  step('is told of what becomes a dead letter', async () => {
    const { thread, network, stack } = care;
    const outsider = await network.fhir.create(practitioner('Eva Smit', '@e.smit:elsewhere.example'));
    const newcomer = participant(`Practitioner/${outsider.id}`, roles.pharmacist);
    await network.fhir.update<CareTeam>({
      ...thread.team,
      participant: [newcomer, ...(thread.team.participant ?? [])],
    });
    const refused = await until('the refusals', async () => {
      const found = await auditOf(audit, { deed: 'disclose', agent: '@e.smit:elsewhere.example' });
      return found.length >= 2 && found;
    });
    expect(refused.map(({ outcome }) => outcome)).toEqual(['4', '4']);
    // A dead letter is told of before it is one.
    await emptyQueues(stack.federation.natsUrl);
    expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual(['command.invite', 'command.invite']);
  });
});

describe('a worker that dies after the effect and before it is noted', () => {
  const again = (fhirRef: string, subject: string, message: object) =>
    deliverAgain(care.stack.federation, fhirRef, subject, message);

  step('leaves one AuditEvent of a message that was recorded', async () => {
    const { thread, network } = care;
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'Told once.');
    const said = (await network.gp.matrix.history(thread.roomId)).find(({ event_id: id }) => id === eventId)!;
    await again(`Communication/${recorded.id}`, 'mapping.0.matrix.m.room.message', said);
    await allSent(databaseUrl());
    await auditedOnce(audit, { deed: 'create', entity: eventId });
  });

  step(
    'leaves one AuditEvent of a message that was shown, which the second try tells when the first could not',
    async () => {
      const { thread, network } = care;
      const { written } = await writeInFhir(thread, 'Shown once.');
      const ref = `Communication/${written.id}`;
      await allSent(databaseUrl());
      const message = {
        conversation: `CommunicationRequest/${thread.request.id}`,
        source: ref,
        version: written.meta?.versionId,
        part: 0,
        author: carer(),
        content: { msgtype: 'm.text', body: 'Shown once.' },
      };
      await again(ref, 'rooms.0.command.send-message', message);
      await allSent(databaseUrl());
      await auditedOnce(audit, { deed: 'disclose', entity: ref });
      expect(
        (await network.nurse.matrix.history(thread.roomId)).filter(
          ({ content }) => content.body === 'Shown once.',
        ),
      ).toHaveLength(1);
    },
  );
});

describe('all AuditEvents of the bridge, put where the record is', () => {
  const receipts = (outcome: string) =>
    metricOf(
      urlOf('room-manager', care.stack.environment),
      `bridge_queue_handled_total{kind="command.send-receipt",outcome="${outcome}"}`,
    );

  step('are no sign that somebody has read; one of another system is', async () => {
    const { network, stack, thread } = care;
    const { notificationSecret } = stack.environment;
    await network.fhir.create(subscription('AuditEvent?', stack.notifyUrl, notificationSecret));
    const told = await audit.search<AuditEvent>('AuditEvent', {});
    for (const event of told) await network.fhir.create<AuditEvent>({ ...event, id: undefined });
    const { written } = await writeInFhir(thread, 'Read by whom?');
    await network.fhir.create<AuditEvent>({
      resourceType: 'AuditEvent',
      type: { system: 'http://terminology.hl7.org/CodeSystem/audit-event-type', code: 'rest' },
      subtype: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'access' }],
      action: 'R',
      recorded: new Date().toISOString(),
      agent: [{ who: { reference: carer() }, requestor: true }],
      source: { observer: { display: 'the portal' } },
      entity: [{ what: { reference: `Communication/${written.id}` } }],
    });
    // Whatever came before it has been pulled by then.
    await until('the receipt', async () => (await receipts('done')) > 0);
    expect(told.length).toBeGreaterThan(15);
    expect(await receipts('done')).toBe(1);
  });
});

describe('the chained copy', () => {
  step('holds the same events as the audit server, unbroken', async () => {
    await allTold();
    const { report, ids } = await chainIn(databaseUrl());
    expect(report).toEqual({ checked: ids.length });
    const sent = await audit.search<AuditEvent>('AuditEvent', {});
    expect(sent.map(auditIdIn).sort()).toEqual(ids.sort());
  });
});
