import type { CareTeam, CareTeamParticipant, CommunicationRequest } from '@medplum/fhirtypes';
import { queryDatabase } from '../support/database';
import { participant, roles } from '../../deploy/local/src/example-data';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { type Professional } from '../../deploy/local/src/scenario/network';
import { type Thread, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { comparedOnce, teamAtRest } from '../support/at-rest';
import { act, membershipIn } from '../support/membership-actions';
import { playConversation } from '../support/play-step';

/* Who belongs is decided in FHIR: at moments to come, and against what people do in Matrix. The steps build on each other. */

const play = playConversation({ settings: { FHIR_DUE_INTERVAL_MS: '200', FHIR_PULL_INTERVAL_MS: '1000' } });
const { step } = play;

const network = () => play.scene.network;
const thread = () => play.scene.thread;
const places = () => [thread().spaceId, thread().roomId];
const membershipOf = async (roomId: string, userId: string) =>
  (await membershipIn(network().nurse.matrix, roomId, userId)).membership;
const teamIsAtRest = () => teamAtRest(play.scene.stack.federation, thread().team);
const explanation =
  'Who belongs here is decided in the record of the care organisation; the change was undone.';

beforeAll(() => comparedOnce(play.scene.stack.federation, places()), 60_000);

async function updateTeam(participants: CareTeamParticipant[]): Promise<void> {
  const update = { ...thread().team, participant: participants };
  thread().team = (await network().fhir.update<CareTeam>(update)) as Thread['team'];
}

const physiotherapist = (period: { start?: string; end?: string }): CareTeamParticipant => ({
  ...participant(`Practitioner/${network().physiotherapist.resource.id}`, roles.physiotherapist),
  period,
});
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

async function comesBack({ matrix }: Professional, roomId: string): Promise<void> {
  const { state } = await matrix.waitForInvite(roomId);
  const invite = state.find(({ type, state_key }) => type === 'm.room.member' && state_key === matrix.userId);
  expect(invite?.content.reason).toBe(explanation);
  await matrix.accept(roomId);
  await until('the join', async () => (await membershipOf(roomId, matrix.userId)) === 'join');
}

/** The bot has answered the last change of somebody's membership. */
async function isExplained(roomId: string, userId: string, membership: string): Promise<void> {
  const { nurse } = network();
  await nurse.matrix.waitFor('the explanation', () => {
    const change = nurse.matrix.events.findLast(
      (event) =>
        event.room_id === roomId && event.state_key === userId && event.content.membership === membership,
    );
    return nurse.matrix.events.find(({ content }) => {
      const relation = content['m.relates_to'] as { 'm.in_reply_to'?: { event_id: string } } | undefined;
      return (
        content.msgtype === 'm.notice' &&
        String(content.body).includes(explanation) &&
        relation?.['m.in_reply_to']?.event_id === change?.event_id
      );
    });
  });
}

describe('a period in a care team', () => {
  let before: CareTeamParticipant[];

  step('that begins at a moment to come brings its person in at that moment', async () => {
    before = thread().team.participant ?? [];
    const start = inSeconds(5);
    await updateTeam([...before, physiotherapist({ start })]);
    const { matrix } = network().physiotherapist;
    for (const place of places()) {
      await matrix.waitForInvite(place);
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(start));
      await matrix.accept(place);
    }
  });

  step(
    'that ends at a moment to come takes its person out then, though the mapper dies in between',
    async () => {
      const { stack } = play.scene;
      const end = inSeconds(12);
      await updateTeam([...before, physiotherapist({ end })]);
      const { databaseUrl } = stack.federation;
      const noted = 'SELECT 1 FROM care_team_space WHERE next_change_at >= $1';
      await until(
        'the moment is noted',
        async () => (await queryDatabase(databaseUrl, noted, [end])).length === 1,
      );
      const mapper = stack.bridge['fhir-mapper'];
      mapper.kill('SIGKILL');
      await mapper.exited;
      expect(Date.now()).toBeLessThan(Date.parse(end));
      await mapper.start();
      const { matrix } = network().physiotherapist;
      for (const place of places()) {
        await matrix.waitFor('the removal', () => matrix.left.has(place));
        expect(Date.now()).toBeGreaterThan(Date.parse(end));
      }
    },
  );
});

describe('somebody who belongs', () => {
  step('and leaves is told why and invited again', async () => {
    const { gp } = network();
    await teamIsAtRest();
    await gp.matrix.leave(thread().roomId);
    await comesBack(gp, thread().roomId);
    await isExplained(thread().roomId, gp.matrix.userId, 'leave');
  });

  step('and is removed by another is invited again, and the other is told why', async () => {
    const { nurse, pharmacist } = network();
    await act(nurse.matrix, 'kick', thread().roomId, pharmacist.matrix.userId);
    await comesBack(pharmacist, thread().roomId);
    await isExplained(thread().roomId, pharmacist.matrix.userId, 'leave');
  });

  step('and is banned by another is let in again', async () => {
    const { nurse, pharmacist } = network();
    await act(nurse.matrix, 'ban', thread().spaceId, pharmacist.matrix.userId);
    await comesBack(pharmacist, thread().spaceId);
    await isExplained(thread().spaceId, pharmacist.matrix.userId, 'ban');
  });

  step('and is shown by a ghost is back when another removes the ghost', async () => {
    const { nurse } = network();
    const { roomId } = thread();
    const ghost = (await nurse.matrix.state(roomId)).find(
      ({ type, state_key, content }) =>
        type === 'm.room.member' &&
        content.membership === 'join' &&
        String(content.displayname).startsWith('Ruben') &&
        state_key?.startsWith('@_fhir_bridge_'),
    )!.state_key!;
    await act(nurse.matrix, 'kick', roomId, ghost);
    await isExplained(roomId, ghost, 'leave');
    await until('the ghost', async () => (await membershipOf(roomId, ghost)) === 'join');
    await writeInFhir(thread(), 'I was away for a moment.', undefined, [nurse]);
  });
});

describe('somebody who does not belong', () => {
  step(
    'and is known to the record is put out, and who brought them in is told why; a stranger stays',
    async () => {
      const { nurse, physiotherapist: known } = network();
      const { clientUrl, registerUser } = play.scene.stack.federation.homeservers.huisarts;
      const stranger = new MatrixUser(
        clientUrl,
        await registerUser('a.stranger', 'try-me-locally', 'Stranger'),
      );
      await stranger.start();
      const { roomId } = thread();
      await act(nurse.matrix, 'invite', roomId, stranger.userId);
      await stranger.accept(roomId);
      await act(nurse.matrix, 'invite', roomId, known.matrix.userId);
      await isExplained(roomId, known.matrix.userId, 'invite');
      await until('the removal', async () => (await membershipOf(roomId, known.matrix.userId)) === 'leave');
      expect(await membershipOf(roomId, stranger.userId)).toBe('join');
      await stranger.stop();
    },
  );
});

describe('an invite that is declined', () => {
  step('is not repeated until the care team changes', async () => {
    const { fhir, nurse, carer, physiotherapist: invited } = network();
    const { roomId, spaceId, request } = thread();
    await updateTeam([...(thread().team.participant ?? []).slice(0, -1), physiotherapist({})]);
    await invited.matrix.waitForInvite(spaceId);
    await invited.matrix.waitForInvite(roomId);
    await invited.matrix.leave(roomId);
    await until('the refusal', async () => (await membershipOf(roomId, invited.matrix.userId)) === 'leave');
    await teamIsAtRest();
    // What comes after the refusal in this Room is dealt with after it.
    await act(nurse.matrix, 'kick', roomId, network().pharmacist.matrix.userId);
    await comesBack(network().pharmacist, roomId);

    // The Room is reconciled, and what is written after that is said after that.
    await fhir.update<CommunicationRequest>({ ...request, priority: 'urgent' });
    await writeInFhir(thread(), 'Reconciled.', undefined, [nurse]);
    expect(await membershipOf(roomId, invited.matrix.userId)).toBe('leave');

    await updateTeam([...(thread().team.participant ?? [])]);
    thread().team = (await fhir.update<CareTeam>({ ...thread().team, name: 'Changed' })) as Thread['team'];
    await invited.matrix.waitForInvite(roomId);
    expect(carer.id).toBeDefined();
  });
});

describe('somebody who leaves again and again', () => {
  step('is let go after three times on one day', async () => {
    const { gp, nurse } = network();
    const { roomId } = thread();
    await teamIsAtRest();
    for (let times = 2; times <= 3; times += 1) {
      await gp.matrix.leave(roomId);
      await comesBack(gp, roomId);
    }
    await gp.matrix.leave(roomId);
    await until('the leave', async () => (await membershipOf(roomId, gp.matrix.userId)) === 'leave');
    // Events of a Room are dealt with in order.
    await act(nurse.matrix, 'invite', roomId, '@nobody.known:example.org').catch(() => undefined);
    await act(nurse.matrix, 'kick', roomId, network().pharmacist.matrix.userId);
    await comesBack(network().pharmacist, roomId);
    expect(await membershipOf(roomId, gp.matrix.userId)).toBe('leave');
  });
});
