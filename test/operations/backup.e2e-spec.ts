import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { communication } from '../../deploy/local/src/example-data';
import { readBothSides } from '../../deploy/local/src/scenario/both-sides';
import { type CareNetwork, setUpNetwork } from '../../deploy/local/src/scenario/network';
import {
  createCareTeam,
  sayInMatrix,
  startThread,
  type Thread,
  writeInFhir,
} from '../../deploy/local/src/scenario/play';
import { Timeline } from '../../deploy/local/src/scenario/timeline';
import { type Stack, startStack } from '../../deploy/local/src/stack';
import { until } from '../../deploy/local/src/until';
import { BackedUpBridge } from '../support/backed-up-bridge';
import { backlog, deadLetterKinds, waitingKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * An organisation loses its bridge as a whole, twice, and restores it by `deploy/compose/backup.sh` with the real pg_dump.
 * The homeserver and the FHIR server go on meanwhile, and know more than the backup.
 */

let stack: Stack;
let bridge: BackedUpBridge;
let network: CareNetwork;
let thread: Thread;
/** What people have said on either side, in their order. */
const said: string[] = [];
const written = ['How is she today?'];

beforeAll(async () => {
  // Each pull reads on from its cursor: what is behind it is found by nobody, unless the cursor is set back.
  stack = await startStack({ homeservers: 'vvt', settings: { FHIR_PULL_OVERLAP_MS: '0' } });
  bridge = await BackedUpBridge.prepare(stack);
  await bridge.start();
  network = await setUpNetwork(stack);
  thread = await startThread(await createCareTeam(network, new Timeline()), written[0]!);
}, 180_000);

afterAll(async () => {
  await network?.stop();
  await bridge?.remove();
  await stack?.stop(outcomeOfSteps());
}, 60_000);

const archive = (name: string): string => join(bridge.archives, `${name}.tar`);

/** Both ways; resolves when each is on the other side. */
async function talk(when: string): Promise<void> {
  said.push(`${when}, in Matrix`);
  await sayInMatrix(thread, network.nurse, `${when}, in Matrix`);
  written.push(`${when}, in FHIR`);
  await writeInFhir(thread, `${when}, in FHIR`, undefined, [network.nurse]);
}

/** Both ways, while nobody brings it to the other side. */
async function sayAlone(when: string): Promise<void> {
  await sayInMatrixAlone(when);
  await writeInFhirAlone(when);
}

async function sayInMatrixAlone(when: string): Promise<void> {
  said.push(`${when}, in Matrix`);
  await network.nurse.matrix.say(thread.roomId, `${when}, in Matrix`);
}

async function writeInFhirAlone(when: string): Promise<string> {
  const { fhir, carer, patient } = network;
  written.push(`${when}, in FHIR`);
  const { meta } = await fhir.create(
    communication(
      thread.request.id,
      patient.id,
      thread.team.id,
      `RelatedPerson/${carer.id}`,
      `${when}, in FHIR`,
    ),
  );
  return meta!.lastUpdated!;
}

async function succeed(...args: string[]): Promise<void> {
  expect(await bridge.script(...args)).toMatchObject({ code: 0, stderr: '' });
}

/** The bridge comes back from a backup, people talk on, and everything is where it belongs. */
async function restoreAndTalk(name: string, when: string): Promise<void> {
  const since = new Date();
  await succeed('restore-files', archive(name));
  await succeed('restore-databases', archive(name));
  await bridge.start();
  await talk(when);
  await settled(since);
  await expectWhole();
}

/** Until a message of this kind waits in the queue. */
async function waiting(kind: string): Promise<void> {
  await until(`${kind} to wait`, async () => (await waitingKinds(stack.federation.natsUrl)).includes(kind));
}

/** When every Room was compared since, and nothing is under way: from then on nothing more comes of it. */
async function settled(since: Date): Promise<void> {
  await until('the comparison of the Room', async () => {
    const rows = await bridge.inDatabase<{ checked_at: Date }>(
      'bridge',
      `SELECT checked_at FROM room_checkpoint WHERE room_id = '${thread.roomId}' AND event_id <> ''`,
    );
    return rows.some(({ checked_at: checkedAt }) => checkedAt > since);
  });
  await until('the queues to be empty', async () => (await backlog(stack.federation.natsUrl)) === 0);
}

/** Everything that was said is on both sides once, in its order. */
async function expectWhole(): Promise<void> {
  const sides = await readBothSides(network.fhir, network.nurse.matrix, {
    roomId: thread.roomId,
    requestId: thread.request.id,
  });
  expect(sides.saidInRoom.map(({ body }) => body)).toEqual(said);
  expect(sides.recorded).toEqual(said);
  expect(sides.shown).toEqual(written);
  expect(await deadLetterKinds(stack.federation.natsUrl)).toEqual([]);
}

describe('a backup', () => {
  step('is made while the bridge is at work, for its owner alone to read', async () => {
    await talk('Before');
    await succeed('create', archive('first'));
    await succeed('check', archive('first'));
    expect((await stat(archive('first'))).mode & 0o777).toBe(0o600);
    expect(await readdir(bridge.archives)).toEqual(['first.tar']);
  });

  step('does not replace another one', async () => {
    const before = await readFile(archive('first'));
    expect(await bridge.script('create', archive('first'))).toMatchObject({ code: 1 });
    expect((await readFile(archive('first'))).equals(before)).toBe(true);
  });

  step('is not restored over what is there unless told to', async () => {
    for (const command of ['restore-files', 'restore-databases']) {
      const { code, stderr } = await bridge.script(command, archive('first'));
      expect({ command, code }).toEqual({ command, code: 1 });
      expect(stderr).toContain('--overwrite');
    }
  });

  step('is not restored when it was changed', async () => {
    const bytes = await readFile(archive('first'));
    const at = bytes.indexOf('PGDMP');
    expect(at).toBeGreaterThan(0);
    bytes[at + 2_000]! ^= 1;
    await writeFile(archive('changed'), bytes);
    const { code, stderr } = await bridge.script('restore-databases', archive('changed'), '--overwrite');
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('was changed') as string,
    });
  });
});

describe('after the loss of everything', () => {
  step('the bridge goes on where both servers are: nothing is lost, nothing there twice', async () => {
    await talk('After the backup');
    await bridge.lose();
    await sayAlone('While it is away');
    await restoreAndTalk('first', 'After the loss');
  });

  step('files have the modes they had, and keys that were given out are not there', async () => {
    const { mode } = await stat(join(bridge.data, 'secrets/as_token'));
    expect(mode & 0o777).toBe(0o400);
    expect(await readFile(join(bridge.data, 'state/synapse/media/local_content/aB/cD/eFgH'), 'utf8')).toBe(
      'a file that somebody has sent',
    );
    expect(await bridge.inDatabase('synapse', 'SELECT content FROM events')).toHaveLength(1);
    expect(await bridge.inDatabase('synapse', 'SELECT content FROM e2e_one_time_keys_json')).toEqual([]);
  });

  step('what waited in the queue at the time of the backup comes all the same', async () => {
    await bridge.process('room-manager').stop();
    await writeInFhirAlone('Queued first');
    const lastUpdated = await writeInFhirAlone('Queued');
    // Read and queued: were the cursor not set back, nobody would read it again.
    await until('the cursor behind it', async () => {
      const rows = await bridge.inDatabase<{ at: Date }>(
        'bridge',
        "SELECT last_updated AS at FROM notification_cursor WHERE resource_type = 'Communication'",
      );
      return rows.some(({ at }) => at.getTime() >= Date.parse(lastUpdated));
    });
    await waiting('command.send-message');
    await bridge.process('fhir-mapper').stop();
    await sayInMatrixAlone('Queued');
    await waiting('matrix.m.room.message');

    await succeed('create', archive('second'));
    await bridge.lose();
    await restoreAndTalk('second', 'After the second loss');
  });

  step('--overwrite puts the databases back as they were in the backup', async () => {
    await bridge.stop();
    await bridge.inDatabase('bridge', 'DELETE FROM message_link');
    await succeed('restore-databases', archive('second'), '--overwrite', '--queue-kept');
    const links = await bridge.inDatabase('bridge', 'SELECT 1 FROM message_link');
    expect(links.length).toBeGreaterThan(0);
  });
});
