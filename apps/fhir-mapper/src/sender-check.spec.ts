import { MatrixEvent, TransientError } from '@bridge/contracts';
import { SenderCheck } from './sender-check';

const event = MatrixEvent.parse({
  event_id: '$1',
  room_id: '!room',
  sender: '@gp:care.example',
  type: 'm.room.message',
  origin_server_ts: 1,
  content: {},
});

function check(membership: string | undefined, sender: string | undefined, accountUserId = '@other:x') {
  const asked: string[] = [];
  const rooms = {
    membershipOf: async () => {
      asked.push('membership');
      return membership;
    },
    event: async () => {
      asked.push('event');
      return sender && { sender };
    },
  };
  const members = [{ participant: { accountUserId } }];
  return new SenderCheck(rooms as never)
    .isReal(event, members as never)
    .then((isReal) => ({ isReal, asked }));
}

describe('an event', () => {
  it('of a person of the conversation is real, without a question to the homeserver', async () => {
    expect(await check(undefined, undefined, event.sender)).toEqual({ isReal: true, asked: [] });
  });

  it('of somebody in the Room is real', async () => {
    expect(await check('join', undefined)).toEqual({ isReal: true, asked: ['membership'] });
  });

  it.each(['leave', 'ban', undefined])(
    'of somebody whose membership is %s is real if it is there',
    async (was) => {
      const asked = ['membership', 'event'];
      expect(await check(was, event.sender)).toEqual({ isReal: true, asked });
      expect(await check(was, '@somebody:else')).toEqual({ isReal: false, asked });
      expect(await check(was, undefined)).toEqual({ isReal: false, asked });
    },
  );

  it('waits while the homeserver is away', async () => {
    const away = new TransientError('homeserver-away', 'away', { advice: 'wait' });
    const rooms = { membershipOf: () => Promise.reject(away) };
    await expect(new SenderCheck(rooms as never).isReal(event, [])).rejects.toBe(away);
  });
});
