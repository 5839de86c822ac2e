import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import type { Invitation } from './inviter';
import { MemberReconciler } from './member-reconciler';

/* When somebody is invited who was put out: what their homeserver hears in the wrong order would shut them out. */

const place = {
  kind: 'room',
  container: FhirRef.parse('CommunicationRequest/c'),
  roomId: RoomId.parse('!r:care.example'),
  members: [],
  sealedSubject: null,
} as const;
const [here, putOut, declined] = ['here', 'putout', 'declined'].map((name) =>
  UserId.parse(`@${name}:gp.example`),
) as [UserId, UserId, UserId];

interface Notes {
  readonly declined?: readonly UserId[];
  readonly present?: readonly UserId[];
}

/** @returns who is asked, and since when they were out */
async function askedOf(changes: Partial<Parameters<MemberReconciler['bringIn']>[1]>, notes: Notes) {
  const asked: unknown[][] = [];
  const inviter = {
    inviteOrQueue: async ({ userId, putOutAt }: Invitation) => void asked.push([userId, putOutAt]),
  };
  const of =
    (noted: readonly UserId[] = []) =>
    async (_room: RoomId, candidates: readonly UserId[]) =>
      new Set(noted.filter((userId) => candidates.includes(userId)));
  const nothing = {} as never;
  const reconciler = new MemberReconciler(
    nothing,
    nothing,
    inviter as never,
    nothing,
    { declined: of(notes.declined), present: of(notes.present) } as never,
    { isOwn: () => false } as never,
  );
  const none = { invite: [], putOut: new Map(), left: new Map(), invited: [] };
  await reconciler.bringIn(place, { ...none, ...changes });
  return asked;
}

it('invites whom somebody has put out as such, and nobody who has declined', async () => {
  const changes = { invite: [here, putOut, declined], putOut: new Map([[putOut, 5_000]]) };
  expect(await askedOf(changes, { declined: [declined] })).toEqual([
    [here, undefined],
    [putOut, 5_000],
  ]);
});

describe('somebody who has left a moment ago', () => {
  const left = () => new Map([[here, Date.now() - 60_000]]);

  it('is not invited while the event has yet to come', async () => {
    expect(await askedOf({ invite: [here], left: left() }, { present: [here] })).toEqual([]);
  });

  it('is invited when it has come, and still belongs', async () => {
    expect(await askedOf({ invite: [here], left: left() }, { present: [] })).toHaveLength(1);
  });

  it.each([-1, 1])(
    'is invited where the event is too far from now to be waited for (%i day)',
    async (days) => {
      const at = new Map([[here, Date.now() + days * 86_400_000]]);
      expect(await askedOf({ invite: [here], left: at }, { present: [here] })).toHaveLength(1);
    },
  );
});
