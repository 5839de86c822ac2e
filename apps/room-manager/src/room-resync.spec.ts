import {
  EventId,
  type FhirRef,
  PermanentError,
  type RoomId,
  TransientError,
  type UserId,
} from '@bridge/contracts';
import { MatrixRefusal, type RoomEvent, type TimelinePage } from '@bridge/matrix';
import { Metrics } from '@bridge/platform';
import type { Publication, Stored } from '@bridge/queue';
import { RoomResync } from './room-resync';

const roomId = '!room' as RoomId;
const conversation = 'CommunicationRequest/1' as FhirRef;
const now = Date.now();

function said(id: string, more: Partial<RoomEvent> & Record<string, unknown> = {}): RoomEvent {
  return {
    event_id: `$${id}` as EventId,
    sender: '@gp:other.example' as UserId,
    type: 'm.room.message',
    content: { body: id },
    room_id: roomId,
    origin_server_ts: now,
    ...more,
  } as RoomEvent;
}

const joined = (id: string) =>
  said(id, { type: 'm.room.member', state_key: '@gp:other.example', content: { membership: 'join' } });

interface World {
  readonly resync: RoomResync;
  readonly queued: string[];
  /** Rooms that were found to be gone. */
  readonly lost: readonly RoomId[];
  readonly checkpoint: () => string | undefined;
}

interface WorldOptions {
  readonly checkpoint?: string;
  readonly handled?: readonly string[];
  /** The queue's refusal of what has this id. */
  readonly refuse?: (id: string) => Error | undefined;
  readonly master?: 'fhir' | 'matrix';
  readonly adopted?: boolean;
  /** What the homeserver has only after it has asked the others in the Room for what it lacks. */
  readonly elsewhere?: readonly RoomEvent[];
  /** The homeserver refuses to read the timeline, and what it says of the Room from then on. */
  readonly refusesToRead?: 'and-has-the-room' | 'and-has-no-room';
}

/** A homeserver with a timeline, a queue, a ledger and a checkpoint. */
function world(known: readonly RoomEvent[], options: WorldOptions = {}): World {
  const { checkpoint, handled = [], refuse = () => undefined, master = 'fhir', adopted = true } = options;
  let timeline = known;
  let at = checkpoint && EventId.parse(checkpoint);
  const queued: string[] = [];
  const page = (from: number, limit: number): TimelinePage => {
    const events = timeline.slice(from, from + limit);
    return { events, next: events.length > 0 ? String(from + events.length) : undefined };
  };
  const row = { conversation, roomId, aliasLocalpart: 'alias', adopted };
  const conversations = { ofRoom: (id: RoomId) => Promise.resolve(id === roomId ? row : undefined) };
  const careTeams = { ofSpace: () => Promise.resolve(undefined) };
  const checkpoints = {
    find: () => Promise.resolve(at),
    move: (_room: RoomId, from: EventId | undefined, to: EventId) => {
      if (from === at) at = to;
      return Promise.resolve();
    },
  };
  const ledger = { has: () => Promise.resolve(new Set(handled)) };
  const lost: RoomId[] = [];
  let isThere = true;
  const containers = {
    look: () => Promise.resolve(isThere ? timeline.filter((event) => 'state_key' in event) : undefined),
  };
  const rooms = {
    fetchMissing: () => {
      timeline = [...(options.elsewhere ?? []), ...known];
      return Promise.resolve('0');
    },
    timeline: (_room: RoomId, from: string | undefined, limit: number) => {
      if (!options.refusesToRead) return Promise.resolve(page(Number(from ?? 0), limit));
      isThere = options.refusesToRead === 'and-has-the-room';
      return Promise.reject(new MatrixRefusal('M_FORBIDDEN', 403, 'read a timeline'));
    },
    timelineAround: (_room: RoomId, eventId: EventId, limit: number, { isWhole = false } = {}) => {
      if (!isWhole) timeline = [...(options.elsewhere ?? []), ...known];
      const index = timeline.findIndex((event) => event.event_id === eventId);
      if (index < 0) return Promise.resolve(undefined);
      const upTo = timeline.slice(Math.max(0, index - limit / 2), index + 1);
      return Promise.resolve({ upTo, after: page(index + 1, limit / 2) });
    },
  };
  const publish = (kind: string, key: string, id: string): Promise<Stored | PermanentError> => {
    const refusal = refuse(id);
    if (refusal instanceof PermanentError) return Promise.resolve(refusal);
    if (refusal) return Promise.reject(refusal);
    queued.push(`${kind} ${key} ${id}`);
    return Promise.resolve({ duplicate: false, sequence: 1 });
  };
  const publisher = {
    publish: (kind: string, key: string, _data: object, { id }: { id: string }) => publish(kind, key, id),
    publishInOrder: (key: string, publications: readonly Publication[]) =>
      Promise.all(publications.map(({ kind, id }) => publish(kind, key, id))),
  };
  const config = { isOwn: (userId: string) => userId.startsWith('@_fhir_bridge_'), membershipMaster: master };
  const resync = new RoomResync(
    conversations as never,
    careTeams as never,
    checkpoints as never,
    ledger as never,
    containers as never,
    { restore: () => Promise.resolve() } as never,
    { onBotLeft: (id: RoomId) => Promise.resolve(lost.push(id) > 0) } as never,
    rooms as never,
    publisher as never,
    config as never,
    new Metrics(),
  );
  return { resync, queued, lost, checkpoint: () => at };
}

const message = (id: string) => `matrix.m.room.message ${roomId} ${id}`;
const reconcile = (id: string) => `command.reconcile-room ${conversation} resync ${id}`;
const numbered = (count: number) => Array.from({ length: count }, (_, index) => said(String(index)));

it('what is missing after the checkpoint is queued, oldest first, under the ids of the transactions', async () => {
  const { resync, queued, checkpoint } = world([said('a'), said('b'), said('c')], {
    checkpoint: '$a',
    handled: ['$a'],
  });
  await resync.resync(roomId);
  expect(queued).toEqual([message('$b'), message('$c')]);
  expect(checkpoint()).toBe('$c');
});

it('what is done with is not queued again', async () => {
  const { resync, queued } = world([said('a'), said('b'), said('c')], {
    checkpoint: '$a',
    handled: ['$a', '$b', '$c'],
  });
  await resync.resync(roomId);
  expect(queued).toEqual([]);
});

it('what came late and stands before the checkpoint is found, unless it is too old to be told from the forgotten', async () => {
  const old = said('old', { origin_server_ts: now - 8 * 86_400_000 });
  const { resync, queued } = world([old, said('late'), said('a')], { checkpoint: '$a', handled: ['$a'] });
  await resync.resync(roomId);
  expect(queued).toEqual([message('$late')]);
});

it('a Room that was never compared is read from its beginning, under ids of their own', async () => {
  const { resync, queued, checkpoint } = world(numbered(150));
  await resync.resync(roomId);
  expect(queued).toEqual(numbered(150).map(({ event_id: id }) => message(`first ${id}`)));
  expect(checkpoint()).toBe('$149');
});

it('a Room that was never compared is read when the homeserver has fetched what it lacks of it', async () => {
  const { resync, queued } = world([said('b')], { adopted: false, elsewhere: [said('a')] });
  await resync.resync(roomId);
  expect(queued).toEqual([message('first $a'), message('first $b')]);
});

it('nothing is fetched of the past of a Room that was made in Matrix', async () => {
  const { resync, queued } = world([said('b')], { adopted: true, elsewhere: [said('a')] });
  await resync.resync(roomId);
  expect(queued).toEqual([message('first $b')]);
});

it('a checkpoint that the homeserver has deleted starts from the beginning', async () => {
  const { resync, queued } = world([said('a')], { checkpoint: '$gone' });
  await resync.resync(roomId);
  expect(queued).toEqual([message('$a')]);
});

it('after twenty pages the rest is left to a further command', async () => {
  const { resync, queued, checkpoint } = world(numbered(2_500), { checkpoint: '$0' });
  await resync.resync(roomId);
  expect(queued.at(-1)).toBe(`command.resync-room ${roomId} ${roomId} ${checkpoint()}`);
  expect(queued.length).toBe(1 + 1 + 50 + 19 * 100);
  const before = queued.length;
  await resync.resync(roomId);
  expect(queued.length - before).toBeGreaterThan(500);
  expect(checkpoint()).toBe('$2499');
});

it('the checkpoint stays where the queue has not stored what follows it', async () => {
  const away = new TransientError('queue-away', 'away', { advice: '-' });
  const { resync, checkpoint } = world([said('a'), said('b')], {
    checkpoint: '$a',
    handled: ['$a'],
    refuse: (id) => (id === '$b' ? away : undefined),
  });
  await expect(resync.resync(roomId)).rejects.toBe(away);
  expect(checkpoint()).toBe('$a');
});

it('what can never be queued does not hold up what follows it', async () => {
  const tooLarge = new PermanentError('message-too-large', 'too large', { advice: '-' });
  const { resync, queued, checkpoint } = world([said('a'), said('b'), said('c')], {
    checkpoint: '$a',
    handled: ['$a'],
    refuse: (id) => (id === '$b' ? tooLarge : undefined),
  });
  await resync.resync(roomId);
  expect(queued).toEqual([message('$c')]);
  expect(checkpoint()).toBe('$c');
});

it('our own events, malformed ones and kinds that no worker reads are left out', async () => {
  const timeline = [
    said('a'),
    said('own', { sender: '@_fhir_bridge_0f:care.example' as UserId }),
    said('state', { state_key: '' }),
    said('unknown', { type: 'm.room.unknown' }),
    said('receipt', { type: 'm.receipt' }),
    said('bad', { sender: 'nobody' as UserId }),
  ];
  const { resync, queued, checkpoint } = world(timeline, { checkpoint: '$a', handled: ['$a'] });
  await resync.resync(roomId);
  expect(queued).toEqual([]);
  expect(checkpoint()).toBe('$bad');
});

describe('changes of who is in a Room', () => {
  it('are answered by one comparison of what is with what should be, and only once', async () => {
    const { resync, queued } = world([said('a'), joined('b'), joined('c')], {
      checkpoint: '$a',
      handled: ['$a'],
    });
    await resync.resync(roomId);
    expect(queued).toEqual([reconcile('$c')]);
    await resync.resync(roomId);
    expect(queued).toHaveLength(1);
  });

  it('are news where Matrix decides who belongs', async () => {
    const { resync, queued } = world([said('a'), joined('b')], {
      checkpoint: '$a',
      handled: ['$a'],
      master: 'matrix',
    });
    await resync.resync(roomId);
    expect(queued).toEqual([`matrix.m.room.member ${roomId} $b`]);
  });
});

describe('what the homeserver was never brought', () => {
  const options = { checkpoint: '$b', handled: ['$b'], elsewhere: [said('a')] };

  it('is fetched and queued', async () => {
    const { resync, queued } = world([said('b'), said('c')], options);
    await resync.resync(roomId);
    expect(queued).toEqual([message('$a'), message('$c')]);
  });

  it('is not looked for where the homeserver only held back what it has', async () => {
    const { resync, queued } = world([said('b'), said('c')], options);
    await resync.resync(roomId, 'held-back');
    expect(queued).toEqual([message('$c')]);
  });
});

it('a tombstone is answered by a comparison, which follows it', async () => {
  const tombstone = said('t', {
    type: 'm.room.tombstone',
    state_key: '',
    content: { replacement_room: '!next' },
  });
  const { resync, queued } = world([said('a'), tombstone], { checkpoint: '$a', handled: ['$a'] });
  await resync.resync(roomId);
  expect(queued).toEqual([reconcile('$t')]);
});

it('a room that is none of ours is left alone', async () => {
  const { resync, queued } = world([said('a')]);
  await resync.resync('!other' as RoomId);
  expect(queued).toEqual([]);
});

it('a Room that is deleted while it is read is gone, and its comparison is done', async () => {
  const { resync, queued, lost } = world([said('a')], { refusesToRead: 'and-has-no-room' });
  await resync.resync(roomId);
  expect({ queued, lost }).toEqual({ queued: [], lost: [roomId] });
});

it('a Room that is there and may not be read is a failure', async () => {
  const { resync, lost } = world([said('a')], { refusesToRead: 'and-has-the-room' });
  await expect(resync.resync(roomId)).rejects.toThrow(MatrixRefusal);
  expect(lost).toEqual([]);
});
