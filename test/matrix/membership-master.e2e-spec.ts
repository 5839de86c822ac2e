import type { CareTeam } from '@medplum/fhirtypes';
import { connect } from 'nats';
import { MatrixUser, type SeenEvent } from '../../deploy/local/src/matrix-user';
import type { Professional } from '../../deploy/local/src/scenario/network';
import { until } from '../../deploy/local/src/until';
import { comparedOnce, teamAtRest } from '../support/at-rest';
import { act, membershipIn } from '../support/membership-actions';
import { playConversation } from '../support/play-step';

/* The organisation lets Matrix decide who belongs: the care team in the record follows the Space. The steps build on each other. */

const play = playConversation({
  homeservers: 'vvt',
  settings: {
    MATRIX_MEMBERSHIP_MASTER: 'matrix',
    FHIR_DUE_INTERVAL_MS: '200',
    FHIR_PULL_INTERVAL_MS: '1000',
  },
});
const { step } = play;

const network = () => play.scene.network;
const thread = () => play.scene.thread;
const team = () => network().fhir.read<CareTeam>('CareTeam', thread().team.id);
const entriesOf = async ({ resource }: Professional) =>
  ((await team()).participant ?? []).filter(
    ({ member }) => member?.reference === `Practitioner/${resource.id}`,
  );
const membershipOf = async (roomId: string, userId: string) =>
  (await membershipIn(network().nurse.matrix, roomId, userId)).membership;
const isOut = (roomId: string, { matrix }: Professional) =>
  until('they are out', async () => (await membershipOf(roomId, matrix.userId)) === 'leave');

/** A reconciliation under way would invite whoever leaves now, before anybody has looked at their leaving. */
const teamIsAtRest = async () => teamAtRest(play.scene.stack.federation, await team());

beforeAll(() => comparedOnce(play.scene.stack.federation, [thread().spaceId, thread().roomId]), 60_000);

async function joinSpaceAndRoom({ matrix }: Professional): Promise<void> {
  const { nurse } = network();
  const { spaceId, roomId } = thread();
  await act(nurse.matrix, 'invite', spaceId, matrix.userId);
  await matrix.accept(spaceId);
  await matrix.accept(roomId);
  await until('both joins', async () => (await membershipOf(roomId, matrix.userId)) === 'join');
}

describe('where Matrix is the master of membership, a CareTeam', () => {
  step('gains somebody who is brought into its Space, and then its Rooms have them too', async () => {
    const { physiotherapist } = network();
    const from = Date.now();
    await joinSpaceAndRoom(physiotherapist);
    const entries = await entriesOf(physiotherapist);
    expect(entries).toHaveLength(1);
    expect(Date.parse(entries[0]!.period!.start!)).toBeGreaterThanOrEqual(from - 1_000);
    expect(entries[0]!.period!.end).toBeUndefined();
  });

  step('loses somebody who leaves its Space: their period ends, and its Rooms lose them too', async () => {
    const { gp } = network();
    await teamIsAtRest();
    await gp.matrix.leave(thread().spaceId);
    const [entry] = await until('the end of the period', async () => {
      const entries = await entriesOf(gp);
      return entries[0]?.period?.end !== undefined && entries;
    });
    expect(entry!.role?.[0]?.coding?.[0]?.code).toBe('62247001');
    await isOut(thread().roomId, gp);
    expect(await membershipOf(thread().spaceId, gp.matrix.userId)).toBe('leave');
  });

  step('loses somebody who is removed from its Space, and somebody who is banned', async () => {
    const { nurse, physiotherapist, pharmacist } = network();
    await teamIsAtRest();
    await act(nurse.matrix, 'kick', thread().spaceId, physiotherapist.matrix.userId);
    await act(nurse.matrix, 'ban', thread().spaceId, pharmacist.matrix.userId);
    for (const gone of [physiotherapist, pharmacist]) {
      await until('the end of the period', async () => (await entriesOf(gone))[0]?.period?.end !== undefined);
      await isOut(thread().roomId, gone);
    }
    expect(await membershipOf(thread().spaceId, pharmacist.matrix.userId)).toBe('ban');
  });

  step('gains somebody again who comes back, with the role they had', async () => {
    const { gp } = network();
    await joinSpaceAndRoom(gp);
    const [past, present, ...more] = await entriesOf(gp);
    expect(more).toEqual([]);
    expect(past?.period?.end).toBeDefined();
    expect(present?.period?.end).toBeUndefined();
    expect(present?.role).toEqual(past?.role);
  });

  step('does not change when somebody leaves a single Room: they are invited again', async () => {
    const { gp } = network();
    const { versionId } = (await team()).meta!;
    await gp.matrix.leave(thread().roomId);
    await gp.matrix.accept(thread().roomId);
    expect((await team()).meta!.versionId).toBe(versionId);
  });

  step('does not change by what is old, repeated or made up', async () => {
    const { gp, nurse, physiotherapist } = network();
    const { spaceId } = thread();
    const { versionId } = (await team()).meta!;
    const isGps = ({ room_id, state_key }: SeenEvent) =>
      room_id === spaceId && state_key === gp.matrix.userId;
    const left = nurse.matrix.events.find((event) => isGps(event) && event.content.membership === 'leave')!;
    const joined = nurse.matrix.events.findLast(
      (event) => isGps(event) && event.content.membership === 'join',
    )!;
    const connection = await connect({ servers: play.scene.stack.federation.natsUrl });
    for (const event of [
      left,
      joined,
      { ...joined, content: { membership: 'leave' } },
      { ...left, event_id: '$made-up' },
    ]) {
      await connection.jetstream().publish('rooms.0.matrix.m.room.member', JSON.stringify(event));
    }
    await connection.close();
    // The last in the same lane, after all of those: somebody joins.
    await until('all of them are handled', async () => (await waiting('rooms-0')) === 0);
    expect((await team()).meta!.versionId).toBe(versionId);
    await joinSpaceAndRoom(physiotherapist);
    expect(await entriesOf(gp)).toHaveLength(2);
  });

  step('does not gain somebody whom the record does not know: they are told', async () => {
    const { nurse } = network();
    const { spaceId } = thread();
    const { clientUrl, registerUser } = play.scene.stack.federation.homeservers.huisarts;
    const stranger = new MatrixUser(
      clientUrl,
      await registerUser('a.stranger', 'try-me-locally', 'Stranger'),
    );
    await stranger.start();
    const { versionId } = (await team()).meta!;
    await act(nurse.matrix, 'invite', spaceId, stranger.userId);
    await stranger.accept(spaceId);
    await stranger.waitFor('the notice', () =>
      stranger.events.find(({ content }) =>
        String(content.body).includes('The record does not know you as a member of this care team.'),
      ),
    );
    expect(await membershipOf(spaceId, stranger.userId)).toBe('join');
    expect((await team()).meta!.versionId).toBe(versionId);
    await stranger.stop();
  });
});

/** Messages that a consumer has not acknowledged yet. */
async function waiting(consumer: string): Promise<number> {
  const connection = await connect({ servers: play.scene.stack.federation.natsUrl });
  const manager = await connection.jetstreamManager();
  const { num_pending: pending, num_ack_pending: underWay } = await manager.consumers.info('ROOMS', consumer);
  await connection.close();
  return pending + underWay;
}
