import { randomUUID } from 'node:crypto';
import { EventId, FhirRef, RoomId, UserId } from '@bridge/contracts';
import {
  DeliveryMarkStore,
  DirectChatStore,
  HandledEventStore,
  MessageLinkStore,
  ReactionLinkStore,
} from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { queryDatabase } from './support/database';
import { openStores } from './support/stores';

/* What the bridge remembers of events that people send, in the real database. */

let nest: TestingModule;

beforeAll(async () => {
  nest = await openStores();
}, 30_000);

afterAll(() => nest?.close());

const newEvent = () => EventId.parse(`$${randomUUID()}`);
const newRoom = () => RoomId.parse(`!${randomUUID()}`);
const newRef = (type: string) => FhirRef.parse(`${type}/${randomUUID()}`);

describe('an event that was handled', () => {
  it('is known from then on, however often it is noted', async () => {
    const handled = nest.get(HandledEventStore);
    const event = newEvent();
    expect(await handled.isHandled(event)).toBe(false);
    await handled.note(event, newRoom());
    await handled.note(event, newRoom());
    expect(await handled.isHandled(event)).toBe(true);
  });

  it('is forgotten when it is old, in batches, by several processes at once and by each row once', async () => {
    const handled = nest.get(HandledEventStore);
    const room = newRoom();
    const old = Array.from({ length: 90 }, newEvent);
    const recent = newEvent();
    for (const event of [...old, recent]) await handled.note(event, room);
    await queryDatabase(
      process.env.TEST_DATABASE_URL!,
      "UPDATE handled_event SET handled_at = '2001-01-01' WHERE room_id = $1 AND event_id <> $2",
      [room, recent],
    );
    const before = new Date('2002-01-01');
    const counts = await Promise.all(Array.from({ length: 6 }, () => handled.purge(before, 10)));
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    let purged = counts.reduce((sum, count) => sum + count, 0);
    for (let count; (count = await handled.purge(before, 10)) > 0;) purged += count;
    expect(purged).toBe(90);
    expect(await handled.isHandled(recent)).toBe(true);
  });
});

describe('the link of a message said in Matrix', () => {
  it('knows its conversation, its latest edit and its redaction', async () => {
    const links = nest.get(MessageLinkStore);
    const event = newEvent();
    const source = {
      fhirRef: newRef('Communication'),
      part: 0,
      version: '1',
      conversation: newRef('CommunicationRequest'),
    };
    expect(await links.ofEvent(event)).toBeUndefined();
    await links.recorded(source, event);
    const { fhirRef, conversation } = source;
    const link = { fhirRef, conversation, direction: 'to-fhir', changedAt: null, redacted: false };
    expect(await links.ofEvent(event)).toEqual(link);
    expect(await links.conversationOf(fhirRef)).toBe(conversation);
    await links.changed(event, new Date(2_000));
    await links.changed(event, new Date(1_000));
    expect((await links.ofEvent(event))?.changedAt).toEqual(new Date(2_000));
    await links.changed(event, new Date(3_000));
    await links.redacted(event);
    expect(await links.ofEvent(event)).toEqual({ ...link, changedAt: new Date(3_000), redacted: true });
  });
});

describe('a reaction', () => {
  it('is found by its event until it is taken back', async () => {
    const reactions = nest.get(ReactionLinkStore);
    const event = newEvent();
    const ref = newRef('Communication');
    await reactions.save(event, ref);
    await reactions.save(event, ref);
    expect(await reactions.resourceOf(event)).toBe(ref);
    await reactions.remove(event);
    await reactions.remove(event);
    expect(await reactions.resourceOf(event)).toBeUndefined();
  });
});

describe('a mark of a message', () => {
  it('keeps what was sent for it until it is removed; what comes after that is lost', async () => {
    const marks = nest.get(DeliveryMarkStore);
    const [event, notice] = [newEvent(), newEvent()];
    expect(await marks.find(event)).toBeUndefined();
    await Promise.all([marks.open(event, newRoom()), marks.open(event, newRoom())]);
    await marks.sent(event, { noticeEventId: notice });
    expect(await marks.open(event, newRoom())).toMatchObject({
      noticeEventId: notice,
      reactionEventId: null,
    });
    await marks.remove(event);
    await marks.sent(event, { reactionEventId: notice });
    expect(await marks.find(event)).toBeUndefined();
  });
});

describe('a direct chat with the bot', () => {
  it('is of one person, until it ends', async () => {
    const chats = nest.get(DirectChatStore);
    const room = newRoom();
    const [one, other] = [UserId.parse('@a:x'), UserId.parse('@b:x')];
    await chats.save(room, one);
    await chats.save(room, other);
    expect(await chats.find(room)).toBe(other);
    await chats.remove(room);
    expect(await chats.find(room)).toBeUndefined();
  });
});
