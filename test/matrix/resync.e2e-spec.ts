import type { Communication } from '@medplum/fhirtypes';
import { queryDatabase } from '../support/database';
import { type BridgeApp, urlOf } from '../../deploy/local/src/bridge';
import { recordOf, sayInMatrix } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { comparedOnce } from '../support/at-rest';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { call, invite } from '../support/client-api';
import { forgetTransactions } from '../support/forgotten-events';
import { withOtherSettings } from '../support/other-process';
import { deadLetterKinds, emptyQueues } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';
import { publishTo } from '../support/work-queue';

let care: CareConversation;

beforeAll(async () => {
  // Nothing is compared by itself here, but once after a start.
  care = await startCareConversation({
    settings: { MATRIX_RESYNC_INTERVAL_MS: '86400000' },
  });
  await comparedOnce(care.stack.federation, [care.thread.spaceId, care.thread.roomId]);
}, 180_000);

afterAll(async () => {
  await care?.stop(outcomeOfSteps());
}, 60_000);

/** As an operator has it compared: `command.resync-room`. */
async function askForResync(roomId: string): Promise<void> {
  await publishTo(care.stack.federation.natsUrl, 'rooms.32.command.resync-room', { roomId });
}

/** Events are recorded before the comparison that found them has counted them, or has come to its end. */
const comparisonIsOver = () => emptyQueues(care.stack.federation.natsUrl);

async function inDatabase<T extends object>(statement: string, values: unknown[] = []): Promise<T[]> {
  return queryDatabase<T>(care.stack.federation.databaseUrl, statement, values);
}

const identifier = (eventId: string) => `https://matrix.org/event-id|${eventId}`;

async function recordsOf(eventId: string): Promise<Communication[]> {
  return care.network.fhir.search<Communication>('Communication', { identifier: identifier(eventId) });
}

async function metric(app: BridgeApp, name: string): Promise<number> {
  const text = await fetch(`${urlOf(app, care.stack.environment)}/metrics`).then((answer) => answer.text());
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/**
 * Said by people on all three homeservers while the bridge does not listen, and never delivered: not by the homeserver,
 * and nothing is said behind it that as-ingress would look back from.
 */
async function sayUndelivered(text: string): Promise<string[]> {
  const { stack, network, thread } = care;
  const { vvt } = stack.federation.homeservers;
  await stack.bridge['as-ingress'].stop();
  const said: string[] = [];
  for (const [index, { matrix }] of [network.gp, network.nurse, network.pharmacist, network.gp].entries()) {
    const body = `${text} ${index + 1}`;
    said.push((await matrix.say(thread.roomId, body)).eventId);
    // So that they are in the same order on every homeserver.
    await network.nurse.matrix.waitForMessage(thread.roomId, body);
  }
  const forgotten = await forgetTransactions(vvt, () => stack.bridge['as-ingress'].start());
  expect(forgotten).toBeGreaterThan(0);
  return said;
}

async function expectRecordedInOrder(said: readonly string[]): Promise<void> {
  const records = [];
  for (const eventId of said) records.push(await recordOf(care.network, eventId));
  const stored = records.map(({ meta }) => Date.parse(meta?.lastUpdated ?? ''));
  expect(stored).toEqual([...stored].sort((a, b) => a - b));
  for (const eventId of said) expect(await recordsOf(eventId)).toHaveLength(1);
}

describe('what the homeserver never delivered', () => {
  step('is brought by a resync on demand: once, and in order', async () => {
    const before = await metric('room-manager', 'bridge_resync_missing_events_total');
    const said = await sayUndelivered('Lost');
    await askForResync(care.thread.roomId);
    await expectRecordedInOrder(said);
    await comparisonIsOver();
    expect(await metric('room-manager', 'bridge_resync_missing_events_total')).toBe(before + said.length);
  });

  step('is brought when the bridge starts', async () => {
    const said = await sayUndelivered('Lost before a start');
    await care.stack.bridge['room-manager'].stop();
    await care.stack.bridge['room-manager'].start();
    await expectRecordedInOrder(said);
    await comparisonIsOver();
    expect(await metric('room-manager', 'bridge_resync_missing_events_total')).toBe(said.length);
  });

  step('is brought by the comparison on schedule', async () => {
    const { stack } = care;
    const often = { MATRIX_RESYNC_INTERVAL_MS: '1000' };
    await withOtherSettings(stack, 'room-manager', often, [], async () => {
      const said = await sayUndelivered('Lost meanwhile');
      await expectRecordedInOrder(said);
    });
  });

  step('a Room or Space that somebody left unseen is brought in order again', async () => {
    const { stack, network, thread } = care;
    const { vvt } = stack.federation.homeservers;
    await stack.bridge['as-ingress'].stop();
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(thread.roomId)}/leave`;
    await call(network.nurse.matrix, 'POST', path, {});
    await forgetTransactions(vvt, () => stack.bridge['as-ingress'].start());
    await askForResync(thread.roomId);
    await network.nurse.matrix.accept(thread.roomId);
  });
});

describe('what was delivered', () => {
  step('is not recorded again by a comparison of the whole Room', async () => {
    const { network, thread } = care;
    const said = (await network.gp.matrix.history(thread.roomId)).filter(
      ({ type, sender }) => type === 'm.room.message' && !sender.startsWith('@_fhir_bridge_'),
    );
    expect(said.length).toBeGreaterThan(10);
    await inDatabase('DELETE FROM room_checkpoint WHERE room_id = $1', [thread.roomId]);
    await askForResync(thread.roomId);
    const [last] = said.slice(-1);
    const newest = await until('the comparison', async () => {
      const rows = await inDatabase<{ event_id: string }>(
        'SELECT event_id FROM room_checkpoint WHERE room_id = $1',
        [thread.roomId],
      );
      return rows[0]?.event_id;
    });
    // The comparison reads the bridge's homeserver, and the others hear of the newest a moment later.
    const timeline = await until('the newest', async () => {
      const ids = (await network.gp.matrix.history(thread.roomId)).map(({ event_id: id }) => id);
      return ids.includes(newest) && ids;
    });
    expect(timeline.indexOf(newest)).toBeGreaterThanOrEqual(timeline.indexOf(last!.event_id));
    await sayInMatrix(care.thread, network.nurse, 'After all of it.');
    for (const { event_id: eventId } of said) expect(await recordsOf(eventId)).toHaveLength(1);
  });

  step('is recorded once when the comparison and the homeserver bring it at the same time', async () => {
    const { network, thread } = care;
    const said: string[] = [];
    for (let index = 0; index < 20; index++) {
      said.push((await network.gp.matrix.say(thread.roomId, `At once ${index}`)).eventId);
      await askForResync(thread.roomId);
    }
    await expectRecordedInOrder(said);
  });
});

describe('an alias that was deleted', () => {
  step('is set again by the next comparison', async () => {
    const { stack, thread } = care;
    // One of those before would set it again at once.
    await comparisonIsOver();
    const [row] = await inDatabase<{ alias_localpart: string }>(
      'SELECT alias_localpart FROM conversation_room WHERE room_id = $1',
      [thread.roomId],
    );
    const { serverName, homeserverUrl, asToken } = stack.environment;
    const bridge = { clientUrl: homeserverUrl, account: { accessToken: asToken } };
    const path = `/_matrix/client/v3/directory/room/${encodeURIComponent(`#${row!.alias_localpart}:${serverName}`)}`;
    await call(bridge, 'DELETE', path);
    await expect(call(bridge, 'GET', path)).rejects.toThrow('M_NOT_FOUND');
    await askForResync(thread.roomId);
    await until('the alias', () =>
      call<{ room_id: string }>(bridge, 'GET', path).then(
        ({ room_id: roomId }) => roomId === thread.roomId,
        () => false,
      ),
    );
  });
});

/**
 * A homeserver that was stopped amid an event of the Room holds its lock for two minutes (Synapse 1.163, lock.py), and
 * deletes the Room then.
 */
const deletedWithinMs = 240_000;

describe('a Room that was deleted unseen', () => {
  step(
    'is noticed by the next comparison',
    async () => {
      const { stack, thread, network } = care;
      const { vvt } = stack.federation.homeservers;
      const admin = { clientUrl: vvt.clientUrl, account: await vvt.registerAdmin('root', 'try-me-locally') };
      await stack.bridge['as-ingress'].stop();
      // What the bridge does in the Room meanwhile can make Synapse fail to delete it (FOREIGN KEY constraint failed).
      await emptyQueues(stack.federation.natsUrl);
      const lost = await metric('room-manager', 'bridge_rooms_lost_total');
      await call(admin, 'DELETE', `/_synapse/admin/v1/rooms/${encodeURIComponent(thread.roomId)}`, {
        purge: true,
      });
      await forgetTransactions(vvt, () => stack.bridge['as-ingress'].start());
      await askForResync(thread.roomId);
      await until(
        'the loss',
        async () => (await metric('room-manager', 'bridge_rooms_lost_total')) === lost + 1,
      );
      await expect(invite(network.nurse.matrix, thread.roomId, '@x:example.org')).rejects.toThrow(
        'M_FORBIDDEN',
      );
    },
    deletedWithinMs,
  );
});

describe('the dead letters', () => {
  step('are empty', async () => {
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
  });
});
