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

function withFailure(failureClass: string): BotMembership {
  const upgrades = {
    onInvite: async () => {
      throw new TransientError(failureClass, 'cannot join', { advice: '' });
    },
  };
  const nothing = {} as never;
  return new BotMembership(nothing, nothing, nothing, nothing, upgrades as never, nothing, nothing, nothing, {
    bot,
  } as never);
}

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
