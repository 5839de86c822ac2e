import { Logger } from '@nestjs/common';
import { MatrixStateEvent, type MessageOf, TransientError, UserId } from '@bridge/contracts';
import { BotMembership } from './bot-membership';

Logger.overrideLogger(false);

/* A homeserver that is away for as long as a test wants. */

const bot = UserId.parse('@_fhir_bridge_bot:vvt.example');
const invite = MatrixStateEvent.parse({
  event_id: '$invite',
  room_id: '!elsewhere',
  sender: '@stranger:away.example',
  type: 'm.room.member',
  state_key: bot,
  origin_server_ts: 1,
  content: { membership: 'invite' },
});

function membershipWhere(enter: () => Promise<boolean>): BotMembership {
  return madeOf({ enter }, () => Promise.resolve());
}

function madeOf(rooms: object, publish: (...published: unknown[]) => Promise<void>): BotMembership {
  const nothing = {} as never;
  return new BotMembership(
    rooms as never,
    { of: async () => undefined } as never,
    ...([nothing, nothing, nothing, nothing, nothing] as const),
    { textsFor: async () => ({ bot: { declinedGhost: 'Not here.' } }) } as never,
    { publish } as never,
    { bot, serverName: 'vvt.example' } as never,
  );
}

const withFailure = (failureClass: string): BotMembership =>
  membershipWhere(() => Promise.reject(new TransientError(failureClass, 'cannot join', { advice: '' })));

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('an invite to a room on a homeserver that is away', () => {
  it('is tried again for a minute, and given up then, so that no other room waits for it', async () => {
    const membership = withFailure('homeserver-busy');
    await expect(membership.handle(invite, minutesAgo(0))).rejects.toThrow('cannot join');
    await expect(membership.handle(invite, minutesAgo(2))).resolves.toBeUndefined();
  });

  it('is not given up while our own homeserver is away', async () => {
    const membership = withFailure('homeserver-away');
    await expect(membership.handle(invite, minutesAgo(2))).rejects.toThrow('cannot join');
  });
});

describe('an invite to a room that is not open to the bot', () => {
  const membership = membershipWhere(() => Promise.resolve(false));

  it('from elsewhere is tried again: that homeserver may not have stored it yet', async () => {
    await expect(membership.handle(invite, minutesAgo(0))).rejects.toMatchObject({
      failureClass: 'invite-not-settled',
      recovery: 'transient',
    });
  });

  it('from elsewhere does not stand any more when it is so after a while', async () => {
    await expect(membership.handle(invite, minutesAgo(1))).resolves.toBeUndefined();
  });

  it('from our own homeserver does not stand any more', async () => {
    const sender = UserId.parse('@nurse:vvt.example');
    await expect(membership.handle({ ...invite, sender }, minutesAgo(0))).resolves.toBeUndefined();
  });
});

describe('an invite of a ghost into a room of strangers', () => {
  const ghost = UserId.parse('@_fhir_bridge_ghost:vvt.example');
  const left: [at: number, as: string, reason: string][] = [];
  const published: unknown[][] = [];
  const membership = madeOf(
    { leave: async (_room: string, as: string, reason: string) => left.push([Date.now(), as, reason]) },
    async (...each) => void published.push(each),
  );

  beforeEach(() => {
    left.length = 0;
    published.length = 0;
  });

  it('from our own homeserver is declined at once', async () => {
    const sender = UserId.parse('@nurse:vvt.example');
    await membership.handle({ ...invite, sender, state_key: ghost }, minutesAgo(0));
    expect(left).toEqual([[expect.any(Number), ghost, 'Not here.']]);
    expect(published).toEqual([]);
  });

  it('from elsewhere is declined when that homeserver has stored it, and nothing else waits for that', async () => {
    const before = Date.now();
    await membership.handle({ ...invite, state_key: ghost }, minutesAgo(0));
    expect(left).toEqual([]);
    const [[kind, key, command, options] = []] = published;
    expect([kind, key, options]).toEqual(['command.decline-invite', 'away.example', { id: invite.event_id }]);
    const { notBefore, ...what } = command as MessageOf<'command.decline-invite'>;
    expect(what).toEqual({ roomId: invite.room_id, userId: ghost, reason: 'Not here.' });
    expect(Date.parse(notBefore) - before).toBeGreaterThanOrEqual(2_000);
    const soon = Date.now() + 200;
    await membership.declineLater({ ...what, notBefore: new Date(soon).toISOString() });
    expect(left).toEqual([[expect.any(Number), ghost, 'Not here.']]);
    expect(left[0]![0]).toBeGreaterThanOrEqual(soon - 1);
  });
});
