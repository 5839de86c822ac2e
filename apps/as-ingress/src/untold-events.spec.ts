import { EventId, MatrixEvent, PermanentError, RoomId, TransientError, UserId } from '@bridge/contracts';
import type { RoomEvent } from '@bridge/matrix';
import { Metrics } from '@bridge/platform';
import type { Publication } from '@bridge/queue';
import { OwnNamespace } from './own-namespace';
import { UntoldEvents } from './untold-events';

/* Faults and moments that a real homeserver cannot be asked for; it itself is in test/matrix/homeserver-killed. */

const room = RoomId.parse('!room');
const kept = { isKept: true };

function said(id: string, changes: Partial<RoomEvent & { state_key: string }> = {}): RoomEvent {
  return {
    event_id: EventId.parse(id),
    sender: UserId.parse('@gp:practice.example'),
    type: 'm.room.message',
    content: {},
    origin_server_ts: Date.now(),
    ...changes,
  };
}

function told(id: string, roomId = room): MatrixEvent {
  return MatrixEvent.parse({ ...said(id), room_id: roomId });
}

describe('what the homeserver did not tell of', () => {
  let timeline: RoomEvent[];
  let done: Set<EventId>;
  let looks: number;
  let queued: string[];
  let fault: Error | undefined;
  let ledgerFault: Error | undefined;
  let whileLooking: () => void;
  let metrics: Metrics;
  let untold: UntoldEvents;

  beforeEach(() => {
    [timeline, done, looks, queued] = [[said('$1'), said('$2'), said('$3')], new Set(), 0, []];
    [fault, ledgerFault, whileLooking] = [undefined, undefined, () => undefined];
    metrics = new Metrics();
    untold = new UntoldEvents(
      {
        timelineNear: async () => {
          looks += 1;
          whileLooking();
          if (fault) throw fault;
          return timeline;
        },
      },
      {
        has: async () => {
          if (ledgerFault) throw ledgerFault;
          return done;
        },
      },
      {
        publishInOrder: async (_key: string, publications: readonly Publication[]) => {
          queued.push(...publications.map(({ id }) => id));
          return publications.map(({ id }, sequence) => ({ duplicate: id === '$2', sequence }));
        },
      },
      new OwnNamespace({ serverName: 'care.example', ghostPrefix: '_b_', botLocalpart: '_b_bot' }),
      metrics,
    );
  });

  it('is queued in the order of the Room, with the event that it told of at its place, without what is done with', async () => {
    done.add(EventId.parse('$1'));
    timeline.push(said('$4'));
    await untold.bringBefore(told('$3'));
    expect(queued).toEqual(['$2', '$3', '$4']);
  });

  it('is counted as far as the queue did not have it, without the event that it told of', async () => {
    timeline.push(said('$4'));
    await untold.bringBefore(told('$3'));
    const metric = await metrics.registry.getSingleMetric('bridge_as_untold_events_total')?.get();
    expect(metric?.values.map(({ value }) => value)).toEqual([2]);
  });

  it.each([
    ['what the bridge said', { sender: UserId.parse('@_b_ghost:care.example') }],
    ['what no worker reads', { type: 'm.call.invite' }],
    [
      'a change of the Room, which is compared with what should be',
      { type: 'm.room.member', state_key: '@a:b' },
    ],
    ['what the ledger may have forgotten', { origin_server_ts: Date.now() - 8 * 86_400_000 }],
  ])('is not %s', async (_what, changes) => {
    timeline = [said('$1', changes)];
    await untold.bringBefore(told('$2'));
    expect(queued).toEqual([]);
  });

  it('is looked for once in each Room, and again when the homeserver has connected anew', async () => {
    const [first, second] = [{}, {}];
    untold.cameOver(first, kept);
    await untold.bringBefore(told('$3'));
    untold.cameOver(first, kept);
    await untold.bringBefore(told('$3'));
    expect(looks).toBe(1);
    await untold.bringBefore(told('$3', RoomId.parse('!other')));
    expect(looks).toBe(2);
    untold.cameOver(second, kept);
    await untold.bringBefore(told('$3'));
    expect(looks).toBe(3);
  });

  it('is not looked for at each connection of a proxy that makes one for every request', async () => {
    await untold.bringBefore(told('$3'));
    untold.cameOver({}, { isKept: false });
    await untold.bringBefore(told('$3'));
    expect(looks).toBe(1);
  });

  it('is looked for again where reason for it came during a look', async () => {
    whileLooking = () => untold.doubt();
    await untold.bringBefore(told('$3'));
    whileLooking = () => undefined;
    await untold.bringBefore(told('$3'));
    await untold.bringBefore(told('$3'));
    expect(looks).toBe(2);
  });

  it('holds the homeserver up twice while it cannot be asked, and is left to the comparison then', async () => {
    fault = new TransientError('homeserver-away', 'away', { advice: 'look' });
    await expect(untold.bringBefore(told('$3'))).rejects.toBe(fault);
    await expect(untold.bringBefore(told('$3'))).rejects.toBe(fault);
    await untold.bringBefore(told('$3'));
    await untold.bringBefore(told('$3'));
    expect([looks, queued]).toEqual([3, []]);
  });

  it('is not looked for at an invite by somebody else: the homeserver may have nothing but that', async () => {
    const content = { membership: 'invite' };
    const bot = '@_b_bot:care.example';
    const invite = { ...told('$1'), type: 'm.room.member', state_key: bot, content };
    untold.cameOver({}, kept);
    await untold.bringBefore(MatrixEvent.parse(invite));
    expect(looks).toBe(0);
    await untold.bringBefore(MatrixEvent.parse({ ...invite, event_id: '$2', sender: bot }));
    expect(looks).toBe(1);
  });

  it('is nothing of ours in a Room that the bot is not in', async () => {
    fault = new PermanentError('homeserver-refused', 'M_FORBIDDEN', { advice: 'look' });
    await untold.bringBefore(told('$3'));
    expect(queued).toEqual([]);
  });

  it('is all of the timeline while the ledger cannot be read: a worker finds what is done with', async () => {
    ledgerFault = new TransientError('database-away', 'away', { advice: 'look' });
    done.add(EventId.parse('$1'));
    await untold.bringBefore(told('$3'));
    expect(queued).toEqual(['$1', '$2', '$3']);
  });
});
