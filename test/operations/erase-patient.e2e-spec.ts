import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CareTeam, CommunicationRequest } from '@medplum/fhirtypes';
import { careTeam, participant, patient, roles } from '../../deploy/local/src/example-data';
import { sayInMatrix, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { auditOf } from '../support/audit-evidence';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { type Caller, call } from '../support/client-api';
import { queryDatabase } from '../support/database';
import { databaseDump } from '../support/database-dump';
import { callBridge, type Ended } from '../support/ended-program';
import { backlog, emptyQueues } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/* `bridge erase-patient`, as an operator calls it, beside a bridge that is at work for another patient as well. */

let care: CareConversation;
let admin: Caller;
let patientRef: string;
let otherTeam: string;
let file: string;

beforeAll(async () => {
  care = await startCareConversation();
  const { vvt } = care.stack.federation.homeservers;
  admin = { clientUrl: vvt.clientUrl, account: await vvt.registerAdmin('admin', 'try-me-locally') };
  patientRef = `Patient/${care.network.patient.id}`;
}, 180_000);

afterAll(async () => {
  await care?.stop(outcomeOfSteps());
}, 60_000);

const rows = <T extends object>(statement: string): Promise<T[]> =>
  queryDatabase<T>(care.stack.federation.databaseUrl, statement);

async function bridge(...args: string[]): Promise<Ended> {
  const { natsUrl, databaseUrl, serverName, fhirBaseUrl } = care.stack.environment;
  return callBridge(args, {
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    MATRIX_SERVER_NAME: serverName,
    FHIR_BASE_URL: fhirBaseUrl,
  });
}

/** With all that doing it takes; the token in a file, as an operator has it. */
async function erase(caller = admin, ...more: string[]): Promise<Ended> {
  const tokenFile = join(care.stack.federation.stateDirectory, 'admin-token');
  await writeFile(tokenFile, `${caller.account.accessToken}\n`, { mode: 0o600 });
  const server = ['--homeserver', admin.clientUrl, '--token-file', tokenFile];
  return bridge('erase-patient', patientRef, '--yes', '--operator', 'noor', ...server, ...more);
}

const namesOfIt = (): string[] => [
  care.network.patient.id,
  care.network.carer.id,
  care.thread.team.id,
  care.thread.request.id,
  care.thread.spaceId,
  care.thread.roomId,
];

/** What the database says of the patient, outside of the audit. */
async function traces(): Promise<string[]> {
  const dump = await databaseDump(care.stack.federation.databaseUrl);
  return [...dump].flatMap(([table, content]) =>
    table.includes('audit_')
      ? []
      : content
          .filter((row) => namesOfIt().some((name) => row.includes(name)))
          .map((row) => `${table}: ${row}`),
  );
}

describe('a patient of whom both sides have something', () => {
  step(
    'has words, a file, a reaction; and there is another patient with the same professionals',
    async () => {
      const { network, thread } = care;
      const { eventId } = await sayInMatrix(thread, network.nurse, 'I will come by.');
      await network.nurse.matrix.send(thread.roomId, 'm.reaction', {
        'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key: '👍' },
      });
      file = await network.nurse.matrix.upload(Buffer.from('a letter'), 'text/plain');
      const content = { msgtype: 'm.file', body: 'letter.txt', url: file, info: { mimetype: 'text/plain' } };
      await sayInMatrix(thread, network.nurse, 'letter.txt', { content });
      await writeInFhir(thread, 'Thank you.');

      const other = await network.fhir.create(patient);
      const nurse = participant(`Practitioner/${network.nurse.resource.id}`, roles.careCoordinator);
      otherTeam = (await network.fhir.create(careTeam(other.id, [nurse]))).id;
      await until('the Space of the other', async () => {
        const found = await rows(
          `SELECT 1 FROM care_team_space WHERE care_team = 'CareTeam/${otherTeam}' AND space_id IS NOT NULL`,
        );
        return found.length === 1;
      });
      await until('the reaction', async () => (await rows('SELECT 1 FROM reaction_link')).length === 1);
      // A message is seen before its row is complete, and the steps below compare rows.
      await emptyQueues(care.stack.federation.natsUrl);
    },
  );

  step('is shown by references and ids alone, and nothing is changed', async () => {
    const before = await traces();
    const { code, stdout, stderr } = await bridge('erase-patient', patientRef);
    expect(code).toBe(0);
    const { network, thread } = care;
    for (const name of [`CareTeam/${thread.team.id}`, `CommunicationRequest/${thread.request.id}`])
      expect(stdout).toContain(name);
    for (const name of [thread.spaceId, thread.roomId, `RelatedPerson/${network.carer.id}`])
      expect(stdout).toContain(name);
    for (const hidden of ['Oosterhuis', 'Practitioner/', otherTeam, 'I will come by.'])
      expect(stdout + stderr).not.toContain(hidden);
    expect(stderr).toContain('Nothing was changed');
    expect(await traces()).toEqual(before);
  });

  step('is not erased while the record has it going on', async () => {
    const before = await traces();
    const { code, stderr } = await erase();
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the record has not ended') as string,
    });
    expect(await traces()).toEqual(before);
  });
});

describe('a patient whose care has ended', () => {
  step('is closed in Matrix first', async () => {
    const { network, thread } = care;
    await network.fhir.update<CommunicationRequest>({ ...thread.request, status: 'completed' });
    await network.fhir.update<CareTeam>({ ...thread.team, status: 'inactive' });
    await until('both to be closed', async () => {
      const open = await rows(
        `SELECT 1 FROM care_team_space WHERE open AND care_team = 'CareTeam/${thread.team.id}'
         UNION ALL SELECT 1 FROM conversation_room WHERE open AND conversation LIKE 'CommunicationRequest/%'`,
      );
      return open.length === 0 && (await backlog(care.stack.federation.natsUrl)) === 0;
    });
  });

  step('is not erased by somebody who is no administrator', async () => {
    const before = await traces();
    const { code, stderr } = await erase({ ...admin, account: care.network.nurse.matrix.account });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('403') as string });
    expect(await traces()).toEqual(before);
  });

  step('is erased from the database, but for the audit, and what cannot be is told', async () => {
    const { vvt, huisarts } = care.stack.federation.homeservers;
    const { code, stderr } = await erase();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await traces()).toEqual([]);
    expect(stderr).toContain(huisarts.serverName);
    expect(stderr).not.toContain(`${vvt.serverName},`);
    for (const rest of ['the record itself', 'backups']) expect(stderr).toContain(rest);
    const told = await until('the AuditEvent', async () => {
      const events = await auditOf(care.network.fhir, { deed: '110100', entity: patientRef });
      return events.length > 0 && events;
    });
    expect(told).toHaveLength(1);
    expect(told[0]!.agent).toContainEqual(expect.objectContaining({ name: 'noor', requestor: true }));
  });

  step('is erased from the own homeserver: Space, Room, file and ghosts', async () => {
    const get = (path: string) => call<{ deactivated?: boolean }>(admin, 'GET', path);
    for (const room of [care.thread.spaceId, care.thread.roomId])
      await expect(get(`/_synapse/admin/v1/rooms/${encodeURIComponent(room)}`)).rejects.toThrow('404');
    await expect(care.network.nurse.matrix.download(file)).rejects.toThrow('404');
    const { users } = await call<{ users: { name: string; deactivated: boolean }[] }>(
      admin,
      'GET',
      '/_synapse/admin/v2/users?deactivated=true&guests=false&name=_fhir_bridge_',
    );
    const erased = users.filter(({ deactivated }) => deactivated);
    // The informal carer's, who has written in the record; of the patient nobody has ever seen one.
    expect(erased).toHaveLength(1);
  });

  step('stays away: nothing is made again, and the other patient has all of theirs', async () => {
    const { network, stack } = care;
    const team = await network.fhir.read<CareTeam>('CareTeam', otherTeam);
    const gp = participant(`Practitioner/${network.gp.resource.id}`, roles.generalPractitioner);
    await network.fhir.update<CareTeam>({ ...team, participant: [...team.participant!, gp] });
    const [{ space_id: space } = { space_id: '' }] = await rows<{ space_id: string }>(
      `SELECT space_id FROM care_team_space WHERE care_team = 'CareTeam/${otherTeam}'`,
    );
    await network.gp.matrix.accept(space);
    await emptyQueues(stack.federation.natsUrl);
    expect(await traces()).toEqual([]);
    expect(await rows('SELECT 1 FROM care_team_space')).toHaveLength(1);
  });

  step('can be erased again, with a Room that was left', async () => {
    const { code, stderr } = await erase(admin, '--room', care.thread.roomId);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('0 care teams');
  });
});
