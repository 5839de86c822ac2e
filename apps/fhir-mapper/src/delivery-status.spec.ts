import { FhirRef, MatrixEvent, PermanentError, TransientError } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { QueueContext, WaitingMessage } from '@bridge/queue';
import { DeliveryStatus } from './delivery-status';

const away = new TransientError('fhir-away', 'away', { advice: 'wait' });
const refused = new PermanentError('fhir-refused', 'refused', { advice: 'look' });
const queueAway = new TransientError('queue-away', 'queue away', { advice: 'wait' });

const said = (event_id: string, body = 'x', room_id = '!room'): MatrixEvent =>
  MatrixEvent.parse({
    event_id,
    room_id,
    sender: '@gp:care.example',
    type: 'm.room.message',
    origin_server_ts: 1,
    content: { msgtype: 'm.text', body },
  });

const agoMs = (ms: number) => new Date(Date.now() - ms);
const late = 60_000;

/** The bridge around it, with what it can fail of. */
function setUp({ waiting = [] as WaitingMessage[], publishFails = false, marked = [] as string[] } = {}) {
  const published: string[] = [];
  const open = new Set(marked);
  const marks = {
    open: async (eventId: string) => {
      open.add(eventId);
      return { noticeEventId: null, reactionEventId: null };
    },
    find: async (eventId: string) => (open.has(eventId) ? {} : undefined),
  };
  const conversations = {
    ofRoom: async (roomId: string) =>
      roomId === '!room' ? { conversation: FhirRef.parse('CommunicationRequest/c') } : undefined,
  };
  const backlog = {
    behind: async function* () {
      yield* waiting;
    },
  };
  const publisher = {
    publish: async (kind: string, _key: string, { eventId }: { eventId: string }) => {
      if (publishFails) throw queueAway;
      published.push(`${kind} ${eventId}`);
      return { duplicate: false };
    },
  };
  const config = { markAfterMs: 30_000, botPrefix: '!care' };
  const status = new DeliveryStatus(
    marks as never,
    conversations as never,
    backlog as never,
    publisher as never,
    config as never,
    new Metrics(),
  );
  const watch = (
    failure: Error | undefined,
    context: { attempts: number; ageMs: number },
    event = said('$1'),
  ) =>
    status
      .watch(
        event,
        { attempts: context.attempts, storedAt: agoMs(context.ageMs) } as QueueContext,
        async () => {
          if (failure) throw failure;
        },
      )
      .then(
        () => undefined,
        (error: unknown) => error,
      );
  return { watch, published, open };
}

const mark = (eventId: string) => `command.mark-undelivered ${eventId}`;

describe('the sender of a message', () => {
  it('is not told while it may still be recorded soon', async () => {
    const { watch, published } = setUp();
    expect(await watch(away, { attempts: 5, ageMs: 10_000 })).toBe(away);
    expect(await watch(away, { attempts: 1, ageMs: late })).toBe(away);
    expect(published).toEqual([]);
  });

  it('is told when it has failed for long, as are those whose messages wait behind it', async () => {
    const wait = (event: MatrixEvent, ageMs = late, kind = 'matrix.m.room.message') =>
      ({ kind, data: event, storedAt: agoMs(ageMs) }) as WaitingMessage;
    const { watch, published } = setUp({
      waiting: [
        wait(said('$2')),
        wait(said('$reaction'), late, 'matrix.m.reaction'),
        wait(said('$bot', '!care help')),
        wait(said('$foreign', 'x', '!elsewhere')),
        wait(said('$3'), late, 'matrix.m.sticker'),
        wait(said('$young'), 1_000),
        wait(said('$4')),
      ],
    });
    expect(await watch(away, { attempts: 2, ageMs: late })).toBe(away);
    expect(published).toEqual(['$1', '$2', '$3'].map(mark));
  });

  it('is told at once when it is refused, alone', async () => {
    const waiting = [{ kind: 'matrix.m.room.message', data: said('$2'), storedAt: agoMs(late) }] as never;
    const { watch, published } = setUp({ waiting });
    expect(await watch(refused, { attempts: 1, ageMs: 0 })).toBe(refused);
    expect(published).toEqual([mark('$1')]);
  });

  it('is told at the last try of what nobody foresaw', async () => {
    const { watch, published } = setUp();
    const bug = new TypeError('x');
    expect(await watch(bug, { attempts: 4, ageMs: 0 })).toBe(bug);
    expect(published).toEqual([]);
    expect(await watch(bug, { attempts: 5, ageMs: 0 })).toBe(bug);
    expect(published).toEqual([mark('$1')]);
  });

  it('is not told of what is no message for the record', async () => {
    const { watch, published, open } = setUp();
    await watch(refused, { attempts: 1, ageMs: 0 }, said('$1', '!care help'));
    await watch(refused, { attempts: 1, ageMs: 0 }, said('$1', 'x', '!elsewhere'));
    expect([published, [...open]]).toEqual([[], []]);
  });

  it('sees the mark go when it is recorded, and nothing where there is none', async () => {
    const { watch, published } = setUp({ marked: ['$1'] });
    await watch(undefined, { attempts: 1, ageMs: 0 });
    await watch(undefined, { attempts: 1, ageMs: 0 }, said('$2'));
    expect(published).toEqual(['command.clear-mark $1']);
  });
});

describe('a mark that cannot be queued', () => {
  it('does not hide why the message is not recorded', async () => {
    const { watch } = setUp({ publishFails: true });
    expect(await watch(away, { attempts: 2, ageMs: late })).toBe(away);
  });

  it('keeps the message from becoming a dead letter that nobody was told of', async () => {
    const { watch } = setUp({ publishFails: true });
    expect(await watch(refused, { attempts: 1, ageMs: 0 })).toBe(queueAway);
  });
});
