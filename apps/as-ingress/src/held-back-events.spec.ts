import { EventId, RoomId, TransientError } from '@bridge/contracts';
import { HeldBackEvents } from './held-back-events';

const second = 1_000;
const said = (secondsAgo: number, room = '!room', id = '$event') => ({
  event_id: EventId.parse(id),
  room_id: RoomId.parse(room),
  origin_server_ts: Date.now() - secondsAgo * second,
});

function heldBack() {
  const asked: string[] = [];
  const world = { fails: false };
  const publish = async (_kind: string, key: string) => {
    if (world.fails) throw new TransientError('queue-away', 'away', { advice: '' });
    asked.push(key);
    return { duplicate: false, sequence: 1 };
  };
  return { asked, world, events: new HeldBackEvents({ publish }) };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('an event', () => {
  it('that was said just now says nothing of others', async () => {
    const { asked, events } = heldBack();
    await events.notice(said(9));
    await events.notice(said(-60));
    expect(asked).toEqual([]);
  });

  it('that was held back has its Room compared: once, however long the others take to come', async () => {
    const { asked, events } = heldBack();
    await events.notice(said(10));
    await events.notice(said(10, '!other'));
    for (let late = 0; late < 100; late++) {
      jest.advanceTimersByTime(29 * second);
      await events.notice(said(10));
    }
    expect(asked).toEqual(['!room', '!other']);
  });

  it('that is held back after a while without any has its Room compared again', async () => {
    const { asked, events } = heldBack();
    await events.notice(said(10));
    jest.advanceTimersByTime(30 * second);
    await events.notice(said(10));
    expect(asked).toEqual(['!room', '!room']);
  });

  it('is stored though its Room cannot be asked for, which the next one makes up for', async () => {
    const { asked, world, events } = heldBack();
    world.fails = true;
    await expect(events.notice(said(10))).resolves.toBeUndefined();
    world.fails = false;
    await events.notice(said(10));
    expect(asked).toEqual(['!room']);
  });

  it('of one Room more than are remembered forgets the one that was late longest ago', async () => {
    const { asked, events } = heldBack();
    for (let room = 0; room <= 1_000; room++) await events.notice(said(10, `!${room}`));
    await events.notice(said(10, '!1'));
    expect(asked).toHaveLength(1_001);
    await events.notice(said(10, '!0'));
    expect(asked).toHaveLength(1_002);
  });
});
