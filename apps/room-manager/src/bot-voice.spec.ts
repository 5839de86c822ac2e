import { EventId, RoomId, UserId } from '@bridge/contracts';
import { MatrixRefusal, type Members, type Rooms } from '@bridge/matrix';
import { BotVoice } from './bot-voice';
import type { GhostKeeper } from './ghost-keeper';
import type { ManagerConfig } from './manager-config';

const forbidden = new MatrixRefusal('M_FORBIDDEN', 403, 'send a message');

function saying(answer: Error | EventId, isIn: boolean): Promise<EventId | undefined> {
  const send = async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const voice = new BotVoice(
    { ensureDevice: async () => {} } as unknown as GhostKeeper,
    { send } as unknown as Rooms,
    { isIn: async () => isIn } as unknown as Members,
    { bot: UserId.parse('@bot:care.example') } as ManagerConfig,
  );
  return voice.say({ roomId: RoomId.parse('!room'), transactionId: 'x', answer: { text: 'Hello' } });
}

describe('what the bot says', () => {
  it('is an event', async () => {
    expect(await saying(EventId.parse('$said'), true)).toBe('$said');
  });

  it('is nothing where it was removed in the meantime', async () => {
    expect(await saying(forbidden, false)).toBeUndefined();
  });

  it('and is refused while it is in the Room, is for the dead letters', async () => {
    await expect(saying(forbidden, true)).rejects.toBe(forbidden);
  });

  it('and is refused for another reason, is for the dead letters', async () => {
    const failure = new MatrixRefusal('M_TOO_LARGE', 413, 'send a message');
    await expect(saying(failure, false)).rejects.toBe(failure);
  });
});
