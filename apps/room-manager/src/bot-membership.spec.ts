import { Logger } from '@nestjs/common';
import { MatrixStateEvent, TransientError, UserId } from '@bridge/contracts';
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
  const nothing = {} as never;
  const rooms = { enter } as never;
  const config = { bot, serverName: 'vvt.example' } as never;
  return new BotMembership(rooms, nothing, nothing, nothing, nothing, nothing, nothing, nothing, config);
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
