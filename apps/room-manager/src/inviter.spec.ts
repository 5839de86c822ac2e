import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import { Inviter } from './inviter';

const serverName = 'care.example';

/** What became of an invite: made at once, or queued not before an instant. */
async function outcomeOf(user: string, putOutAt: number | undefined) {
  const outcomes: unknown[] = [];
  const nothing = {} as never;
  const inviter = new Inviter(
    { invite: async () => void outcomes.push('at once') } as never,
    nothing,
    { check: () => undefined, isFresh: () => true, reached: () => undefined } as never,
    { note: async () => undefined } as never,
    nothing,
    {
      publish: async (_kind: string, _key: string, { notBefore }: { notBefore: string }) =>
        void outcomes.push(Date.parse(notBefore)),
    } as never,
    nothing,
    { serverName } as never,
  );
  const invitation = {
    kind: 'room',
    container: FhirRef.parse('CommunicationRequest/c'),
    roomId: RoomId.parse('!r:care.example'),
    userId: UserId.parse(user),
    sealedSubject: null,
    putOutAt,
  } as const;
  await inviter.inviteOrQueue(invitation);
  return outcomes;
}

describe('somebody is invited', () => {
  const now = Date.now();
  beforeEach(() => jest.spyOn(Date, 'now').mockReturnValue(now));
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['three seconds after they were put out', now, [now + 3_000]],
    ['three seconds after they were put out, be it a moment ago', now - 1_000, [now + 2_000]],
    ['at once when that was long ago', now - 3_000, ['at once']],
    ['no later than that, whatever time the event tells', now + 3_600_000, [now + 3_000]],
  ])('%s, on another homeserver', async (_when, putOutAt, expected) => {
    expect(await outcomeOf('@ada:gp.example', putOutAt)).toEqual(expected);
  });

  it('at once where nobody has put them out', async () => {
    expect(await outcomeOf('@ada:gp.example', undefined)).toEqual(['at once']);
  });

  it('at once on our own', async () => {
    expect(await outcomeOf(`@ada:${serverName}`, now)).toEqual(['at once']);
  });
});
