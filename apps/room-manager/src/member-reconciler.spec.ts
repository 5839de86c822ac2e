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

it('invites whom somebody has put out as such, and nobody who has declined', async () => {
  const asked: unknown[][] = [];
  const inviter = {
    inviteOrQueue: async ({ userId, putOutAt }: Invitation) => void asked.push([userId, putOutAt]),
  };
  const nothing = {} as never;
  const reconciler = new MemberReconciler(
    nothing,
    nothing,
    inviter as never,
    nothing,
    { declined: async () => new Set([declined]) } as never,
    { isOwn: () => false } as never,
  );
  const changes = { invite: [here, putOut, declined], putOut: new Map([[putOut, 5_000]]), invited: [] };
  await reconciler.bringIn(place, changes);
  expect(asked).toEqual([
    [here, undefined],
    [putOut, 5_000],
  ]);
});
