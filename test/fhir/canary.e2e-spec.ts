import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent, Communication, Patient } from '@medplum/fhirtypes';
import { Sealer } from '@bridge/persistence';
import { connect } from 'nats';
import { BRIDGE_APPS, urlOf } from '../../deploy/local/src/bridge';
import {
  communication,
  participant,
  patientWords,
  practitioner,
  pseudoBsn,
  roles,
} from '../../deploy/local/src/example-data';
import { setUpNetwork } from '../../deploy/local/src/scenario/network';
import {
  createCareTeam,
  recordOf,
  sayInMatrix,
  startThread,
  writeInFhir,
} from '../../deploy/local/src/scenario/play';
import { Timeline } from '../../deploy/local/src/scenario/timeline';
import { startStack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { allSent } from '../support/audit-evidence';
import { type Look, type Place, holds, lookAt, tableOf } from '../support/canary';
import type { CareConversation } from '../support/care-conversation';
import { queryDatabase } from '../support/database';
import { databaseDump } from '../support/database-dump';
import { type StateSeen, withoutInviteContext } from '../support/invite-context';
import { emptyQueues } from '../support/queue-evidence';
import { QueueTraffic, deadLetters } from '../support/queue-traffic';
import { outcomeOfSteps, step } from '../support/step';

/*
 * A patient's name, birth date and numbers, put wherever people and servers can put them, are then looked for wherever
 * they must not be.
 */

/** A number of the organisation's own, beside the BSN of the example. */
const ownNumber = 'PAT-77310-4461';
const canaries = [...patientWords, ownNumber, pseudoBsn] as const;
const [given, family, birthDate, bsn] = patientWords;
const everything = `${given} ${family}, ${birthDate}, ${bsn}, ${ownNumber}`;

let care: CareConversation;
let traffic: QueueTraffic;
/** What the bridge answered to requests that it refused, or that were malformed. */
const answers: string[] = [];

beforeAll(async () => {
  const stack = await startStack({ settings: { MEDIA_MAX_BYTES: '4096' } });
  const stop = (outcome?: 'succeeded' | 'failed') => stack.stop(outcome);
  try {
    traffic = await QueueTraffic.watch(stack.federation.natsUrl);
    await stack.startBridge();
    const network = await setUpNetwork(stack);
    const { patient, fhir } = network;
    await fhir.update<Patient>({
      ...patient,
      identifier: [...(patient.identifier ?? []), { system: 'urn:oid:2.999.1', value: ownNumber }],
      telecom: [{ system: 'email', value: `${given}.${family}@mail.example` }],
    });
    const stage = await createCareTeam(network, new Timeline());
    const thread = await startThread(stage, `How is ${everything}?`);
    care = {
      stack,
      network,
      thread,
      stop: async (outcome) => {
        await network.stop();
        await stop(outcome);
      },
    };
  } catch (error) {
    await stop('failed');
    throw error;
  }
}, 180_000);

afterAll(async () => {
  await traffic?.stop();
  await care?.stop(outcomeOfSteps());
}, 60_000);

const databaseUrl = () => care.stack.federation.databaseUrl;
const natsUrl = () => care.stack.federation.natsUrl;

async function deadLetterCount(): Promise<number> {
  return (await deadLetters(natsUrl())).listing.length;
}

describe('people who talk about the patient by name', () => {
  step('say so, answer, edit, react and take back, on both sides', async () => {
    const { thread, network } = care;
    const { eventId } = await sayInMatrix(thread, network.gp, `${everything} has a fever.`);
    await network.nurse.matrix.send(thread.roomId, 'm.reaction', {
      'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key: family },
    });
    await network.gp.matrix.say(thread.roomId, `* ${everything} has no fever.`, {
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
      'm.new_content': { msgtype: 'm.text', body: `${everything} has no fever.` },
    });
    await until('the edit', async () =>
      (await recordOf(network, eventId)).payload?.[0]?.contentString?.includes('no fever'),
    );
    const { recorded } = await sayInMatrix(thread, network.nurse, `${everything} sleeps.`, {
      inReplyTo: eventId,
    });
    const { written, seen } = await writeInFhir(thread, `Thank you for ${everything}.`, recorded.id);
    const payload = [{ contentString: `Thank you both for ${everything}.` }];
    await network.fhir.update<Communication>({ ...written, payload });
    await network.nurse.matrix.waitFor('the edit in Matrix', () =>
      network.nurse.matrix.events.find(({ content }) => String(content.body).includes('both')),
    );
    await network.gp.matrix.markRead(thread.roomId, seen[0]!.event_id);
    await network.gp.matrix.redact(thread.roomId, eventId, `wrong room for ${everything}`);
    await until(
      'the redaction',
      async () => (await recordOf(network, eventId)).status === 'entered-in-error',
    );
  });

  step('send files that bear the name, and such as are refused', async () => {
    const { thread, network } = care;
    const { gp, fhir, patient, carer } = network;
    const file = Buffer.from(`Letter about ${everything}`);
    const offer = async (bytes: Buffer, type: string) => {
      const url = await gp.matrix.upload(bytes, type);
      const content = { msgtype: 'm.file', url, info: { mimetype: type, size: bytes.length } };
      return sayInMatrix(thread, gp, `${given} ${family} ${bsn}.txt`, { content });
    };
    const { recorded } = await offer(file, 'text/plain');
    expect(recorded.payload?.[0]?.contentAttachment?.title).toContain(family);
    await offer(Buffer.alloc(8_192, everything), 'text/plain');
    await offer(file, `application/x-${family}`);
    const author = `RelatedPerson/${carer.id}`;
    const { id: requestId } = thread.request;
    const plain = communication(requestId, patient.id, thread.team.id, author, '');
    const title = `${family}-${bsn}`;
    const data = file.toString('base64');
    await fhir.create<Communication>({
      ...plain,
      payload: [
        { contentAttachment: { contentType: 'text/plain', title, data } },
        { contentAttachment: { contentType: 'text/plain', title, url: `https://elsewhere.example/${bsn}` } },
        { contentAttachment: { contentType: `application/x-${family}`, title, data } },
        { contentReference: { reference: 'Binary/none', display: everything } },
      ],
    });
    await gp.matrix.waitFor('all four of it', () => {
      const shown = gp.matrix.events.filter(({ content }) => JSON.stringify(content).includes(title));
      return shown.length >= 3 && shown;
    });
  });

  step('say what cannot be recorded, ask the bot by that name, and change what is not theirs', async () => {
    const { thread, network } = care;
    const { nurse, gp } = network;
    const location = { msgtype: 'm.location', geo_uri: 'geo:52.1,5.1' };
    const { eventId } = await sayInMatrix(thread, nurse, `${everything} is here.`, { content: location });
    await gp.matrix.waitForMessage(thread.roomId, `${everything} is here.`);
    await gp.matrix.say(thread.roomId, `* ${everything}`, {
      'm.relates_to': { rel_type: 'm.replace', event_id: eventId },
      'm.new_content': { msgtype: 'm.text', body: everything },
    });
    await nurse.matrix.say(thread.roomId, `!care ${family} ${bsn}`);
    await nurse.matrix.say(thread.roomId, `!care new ${everything}`);
    await nurse.matrix.waitFor('the invite to the new conversation', () =>
      [...nurse.matrix.invites.keys()].find((room) => room !== thread.roomId && room !== thread.spaceId),
    );
    for (const room of nurse.matrix.invites.keys()) await nurse.matrix.accept(room);
  });
});

describe('servers that do the same', () => {
  step('notify with broken bodies, wrong secrets and odd addresses', async () => {
    const { stack } = care;
    const { notificationSecret } = stack.environment;
    const notify = async (method: string, path: string, body: string, secret = notificationSecret) => {
      const response = await fetch(`${stack.notifyUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${secret}`,
          'content-type': 'application/fhir+json',
          'x-note': everything,
        },
        body,
      });
      answers.push(`${response.status} ${await response.text()}`);
    };
    const before = await deadLetterCount();
    await notify('POST', '', `{"resourceType":"Patient","name":"${everything}"`);
    await notify(
      'PUT',
      '/Patient/other',
      JSON.stringify({ resourceType: 'Patient', id: 'x', note: everything }),
    );
    await notify('PUT', '/Communication/c', JSON.stringify({ resourceType: family, [bsn]: everything }));
    await notify('POST', `?patient=${bsn}&name=${family}`, '');
    await notify('POST', '', everything, 'x'.repeat(64));
    await notify('POST', `/${family}/${bsn}/${given}`, everything);
    expect(await deadLetterCount()).toBeGreaterThan(before);
  });

  step('push malformed events, and a queue that holds messages of another shape', async () => {
    const { environment } = care.stack;
    const before = await deadLetterCount();
    const push = async (path: string, token: string, body: string) => {
      const response = await fetch(`${urlOf('as-ingress', environment)}${path}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
      answers.push(`${response.status} ${await response.text()}`);
    };
    const event = {
      type: 'm.room.message',
      room_id: 'none',
      sender: everything,
      content: { body: everything },
    };
    await push(
      '/_matrix/app/v1/transactions/canary1',
      environment.hsToken,
      JSON.stringify({ events: [event] }),
    );
    await push('/_matrix/app/v1/transactions/canary2', environment.hsToken, `{"events": "${everything}"`);
    await push('/_matrix/app/v1/transactions/canary3', 'x'.repeat(64), everything);
    const connection = await connect({ servers: natsUrl() });
    const stream = connection.jetstream();
    await stream.publish('mapping.0.matrix.m.room.message', JSON.stringify({ ...event, [family]: bsn }));
    await stream.publish('mapping.1.fhir.changed', everything);
    await stream.publish('rooms.1.command.send-message', JSON.stringify({ content: { body: everything } }));
    await connection.close();
    await until('the dead letters', async () => (await deadLetterCount()) >= before + 5);
  });

  step('hold resources that are not as they should be, and people who cannot be invited', async () => {
    const { fhir, carer, patient } = care.network;
    const { thread } = care;
    const author = `RelatedPerson/${carer.id}`;
    const plain = communication(thread.request.id, patient.id, thread.team.id, author, `${everything}!`);
    for (const odd of [
      { ...plain, status: `of ${family}` },
      { ...plain, sender: { display: everything } },
      { ...plain, sender: { identifier: { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: bsn } } },
      { ...plain, partOf: [{ reference: 'CommunicationRequest/none', display: everything }] },
      { ...plain, payload: [] },
    ]) {
      // What this server refuses is not the bridge's to read; the others it pulls.
      await fhir.create(odd as Communication).catch((error: Error) => error);
    }
    const before = await deadLetterCount();
    const outsider = await fhir.create(practitioner('Eva Smit', '@e.smit:elsewhere.example'));
    const newcomers = [
      participant(`Practitioner/${outsider.id}`, roles.pharmacist),
      participant(`Patient/${patient.id}`, { code: '116154003', display: 'Patient' }),
    ];
    await fhir.update({ ...thread.team, participant: [...newcomers, ...(thread.team.participant ?? [])] });
    await until('the refused invites', async () => (await deadLetterCount()) > before);
    await writeInFhir(thread, `After all that, ${everything} is well.`);
  });

  step('and then all of it is done', async () => {
    await emptyQueues(natsUrl());
    await allSent(databaseUrl());
  });
});

describe('the patient', () => {
  /** Rooms that the bridge made, with what the bot and the members see of them. */
  const stateEvents = async (): Promise<string[]> => {
    const { matrix } = care.network.nurse;
    const rooms = await queryDatabase<{ id: string }>(
      databaseUrl(),
      `SELECT space_id AS id FROM care_team_space WHERE space_id IS NOT NULL
       UNION SELECT room_id FROM conversation_room WHERE room_id IS NOT NULL`,
    );
    const states = await Promise.all(rooms.map(async ({ id }) => [id, ...(await matrix.state(id))]));
    const { serverName } = care.stack.environment;
    return states
      .flat()
      .map((each) =>
        typeof each === 'string' ? each : JSON.stringify(withoutInviteContext(each as StateSeen, serverName)),
      );
  };

  const ghostProfiles = async (): Promise<string[]> => {
    const ghosts = await queryDatabase<{ id: string }>(
      databaseUrl(),
      'SELECT ghost_user_id AS id FROM participant',
    );
    const { clientUrl } = care.network.nurse.matrix;
    return Promise.all(
      ghosts.map(async ({ id }) => {
        const profile = await fetch(`${clientUrl}/_matrix/client/v3/profile/${encodeURIComponent(id)}`);
        return `${id} ${await profile.text()}`;
      }),
    );
  };

  const saidByBot = async (): Promise<string[]> => {
    const history = await care.network.nurse.matrix.history(care.thread.roomId);
    return history
      .filter(({ sender, type }) => sender.startsWith('@_fhir_bridge_bot:') && type === 'm.room.message')
      .map(({ content }) => JSON.stringify(content));
  };

  const lines = (file: string) =>
    readFileSync(join(care.stack.environment.logDirectory, file), 'utf8').split('\n');

  async function places(): Promise<Place[]> {
    const { stack, network } = care;
    const logs = readdirSync(stack.environment.logDirectory).sort();
    const dump = await databaseDump(databaseUrl());
    const headers = traffic.passed.filter(({ headers: each }) => each.length > 0);
    return [
      ...logs.map((file) => ({
        name: `log ${file}`,
        read: async () => lines(file),
        atLeast: file === 'fhir-server.log' ? 1 : 5,
      })),
      ...BRIDGE_APPS.map((app) => ({
        name: `metrics of ${app}`,
        read: async () =>
          (await (await fetch(`${urlOf(app, stack.environment)}/metrics`)).text()).split('\n'),
        atLeast: 50,
      })),
      ...BRIDGE_APPS.map((app) => ({
        name: `readiness of ${app}`,
        read: async () => [await (await fetch(`${urlOf(app, stack.environment)}/ready`)).text()],
        atLeast: 1,
      })),
      {
        name: 'queue subjects',
        read: async () => traffic.passed.map(({ subject }) => subject),
        atLeast: 100,
      },
      { name: 'queue headers', read: async () => headers.flatMap(({ headers: each }) => each), atLeast: 100 },
      { name: 'dead-letter listing', read: async () => (await deadLetters(natsUrl())).listing, atLeast: 9 },
      { name: 'answers to malformed requests', read: async () => answers, atLeast: 9 },
      { name: 'state events, names, topics, aliases', read: stateEvents, atLeast: 30 },
      { name: 'ghost ids and profiles', read: ghostProfiles, atLeast: 5 },
      { name: 'notices of the bot', read: saidByBot, atLeast: 4 },
      {
        name: 'AuditEvents of the bridge',
        read: async () =>
          (await network.fhir.search<AuditEvent>('AuditEvent', {})).map((event) => JSON.stringify(event)),
        atLeast: 20,
      },
      ...[...dump].map(([table, rows]) => ({
        name: `database ${table}`,
        read: async () => rows,
        atLeast: mustHaveRows.some((name) => table.endsWith(`.${name}`)) ? 1 : 0,
      })),
    ];
  }

  /** Tables that this scenario fills. */
  const mustHaveRows = [
    'care_team_space',
    'care_team_member',
    'participant',
    'conversation_room',
    'message_link',
    'handled_event',
    'notification_cursor',
    'audit_log',
  ];

  step(
    'is found where they belong: in FHIR, in the messages, and by pseudonym in the invites elsewhere',
    async () => {
      const { network, thread } = care;
      const records = JSON.stringify(await network.fhir.search('Communication', {}));
      const messages = JSON.stringify(await network.gp.matrix.history(thread.roomId));
      for (const canary of [...patientWords, ownNumber]) {
        expect(holds(records, canary)).toBe(true);
        expect(holds(messages, canary)).toBe(true);
        expect(traffic.payloads.some((payload) => holds(payload, canary))).toBe(true);
      }
      expect(JSON.stringify(thread.invites[network.gp.name]?.state)).toContain(pseudoBsn);
      expect(JSON.stringify(thread.invites[network.nurse.name]?.state)).not.toContain(pseudoBsn);
      // Whoever opens a dead letter sees what came; its listing is looked at below.
      const { payloads } = await deadLetters(natsUrl());
      expect(payloads.filter((payload) => holds(payload, family)).length).toBeGreaterThan(4);
    },
  );

  step('is in the database for whoever has the key, as the pseudonym alone', async () => {
    const [row] = await queryDatabase<{ sealed: Buffer }>(
      databaseUrl(),
      'SELECT sealed_subject AS sealed FROM care_team_space WHERE sealed_subject IS NOT NULL',
    );
    const sealer = new Sealer(Buffer.from(care.stack.environment.encryptionKey, 'base64'));
    const opened = JSON.stringify(sealer.open(row!.sealed));
    expect(opened).toContain(pseudoBsn);
    expect(canaries.filter((canary) => opened.includes(canary))).toEqual([pseudoBsn]);
  });

  step('is found nowhere else', async () => {
    const looks: Look[] = [];
    for (const place of await places()) looks.push(await lookAt(place, canaries));
    process.stdout.write(`Looked for ${canaries.join(', ')}: place, pieces, bytes\n${tableOf(looks)}\n`);
    expect(looks.flatMap(({ place, problems }) => problems.map((problem) => `${place}: ${problem}`))).toEqual(
      [],
    );
  });
});
