import { randomUUID } from 'node:crypto';
import { EventId, FhirRef } from '@bridge/contracts';
import { MessageLinkStore } from '@bridge/persistence';
import type { TestingModule } from '@nestjs/testing';
import { queryDatabase } from './support/database';
import { openStores } from './support/stores';

let nest: TestingModule;
let links: MessageLinkStore;

beforeAll(async () => {
  nest = await openStores();
  links = nest.get(MessageLinkStore);
}, 30_000);

afterAll(() => nest?.close());

const newRef = (type: string) => FhirRef.parse(`${type}/${randomUUID()}`);
const day = (number: number) => new Date(Date.UTC(2026, 2, number));

describe('the link of a message', () => {
  const newEvent = () => EventId.parse(`$${randomUUID()}`);
  const newSource = () => ({
    fhirRef: newRef('Communication'),
    part: 0,
    version: '1',
    conversation: newRef('CommunicationRequest'),
  });

  const shown = (version = '1', versionAt: Date | null = day(1)) => ({
    version,
    versionAt,
    contentHash: `hash ${version}`,
  });

  it('is reserved before a send and completed after it', async () => {
    const source = newSource();
    const event = newEvent();
    await links.reserve(source);
    await links.reserve(source);
    expect(await links.eventOf(source.fhirRef)).toBeUndefined();
    await links.sent(source, event, shown());
    expect(await links.eventOf(source.fhirRef)).toBe(event);
    expect(await links.eventOf(source.fhirRef, 1)).toBeUndefined();
    expect(await links.resourceOf(event)).toBe(source.fhirRef);
    expect(await links.ofResource(source.fhirRef)).toEqual([
      { ...source, eventId: event, direction: 'to-matrix', redacted: false, ...shown() },
    ]);
  });

  it('keeps the event of the message as it was first said, whatever version Matrix shows', async () => {
    const source = newSource();
    const event = newEvent();
    await links.reserve(source);
    await links.sent(source, event, shown());
    await links.shows(source, shown('2', day(2)));
    expect(await links.ofResource(source.fhirRef)).toMatchObject([{ eventId: event, ...shown('2', day(2)) }]);
  });

  it('of what was taken back is known by its version, also where nothing was ever said', async () => {
    const [said, unsaid] = [newSource(), newSource()];
    await links.reserve(said);
    await links.sent(said, newEvent(), shown());
    for (const { fhirRef, conversation } of [said, unsaid])
      await links.tookBackAll({ fhirRef, conversation, version: '3' }, day(3));
    for (const { fhirRef, conversation } of [said, unsaid]) {
      const redacted = { redacted: true, version: '3', versionAt: day(3) };
      expect(await links.ofResource(fhirRef)).toMatchObject([redacted]);
      expect(await links.hasUnsent(conversation)).toBe(false);
    }
    await links.reserve({ ...said, version: '4' });
    expect(await links.ofResource(said.fhirRef)).toMatchObject([{ redacted: false, eventId: null }]);
  });

  it('tells the messages of many events, and when a message was bridged in its conversation', async () => {
    const [one, other] = [newSource(), newSource()];
    const [a, b] = [newEvent(), newEvent()];
    await links.recorded(one, a);
    await links.reserve(other);
    expect(await links.bridgedAt(other.fhirRef, other.conversation)).toBeUndefined();
    await links.sent(other, b, shown());
    const known = await links.ofEvents([a, b, newEvent()]);
    expect([...known.entries()].sort()).toEqual(
      [
        [a, one.fhirRef],
        [b, other.fhirRef],
      ].sort(),
    );
    expect(await links.bridgedAt(other.fhirRef, other.conversation)).toBeInstanceOf(Date);
    expect(await links.bridgedAt(other.fhirRef, one.conversation)).toBeUndefined();
  });

  it('tells of messages on their way, in their conversation, until they are sent', async () => {
    const source = newSource();
    expect(await links.hasUnsent(source.conversation)).toBe(false);
    await links.reserve(source);
    expect(await links.hasUnsent(source.conversation)).toBe(true);
    expect(await links.hasUnsent(newRef('CommunicationRequest'))).toBe(false);
    await links.sent(source, newEvent(), shown());
    expect(await links.hasUnsent(source.conversation)).toBe(false);
  });

  it('waits no longer for a message that was given up minutes ago, until it is tried again', async () => {
    const source = newSource();
    await links.reserve(source);
    await aged(source.fhirRef);
    expect(await links.hasUnsent(source.conversation)).toBe(false);
    await links.reserve(source);
    expect(await links.hasUnsent(source.conversation)).toBe(true);
  });

  it('of a recorded event is noted once', async () => {
    const source = newSource();
    const event = newEvent();
    await links.recorded(source, event);
    await links.recorded(source, event);
    await links.recorded({ ...source, fhirRef: newRef('Communication') }, event);
    expect(await links.resourceOf(event)).toBe(source.fhirRef);
    expect(await links.eventOf(source.fhirRef)).toBe(event);
    expect(await links.hasUnsent(source.conversation)).toBe(false);
  });

  it('is never of one event to two messages', async () => {
    const [a, b] = [newSource(), newSource()];
    const event = newEvent();
    await links.reserve(a);
    await links.reserve(b);
    await links.sent(a, event, shown());
    await expect(links.sent(b, event, shown())).rejects.toThrow();
  });

  /** As if the try had been made ten minutes ago. */
  async function aged(fhirRef: FhirRef): Promise<void> {
    await queryDatabase(
      process.env.TEST_DATABASE_URL!,
      "UPDATE message_link SET attempted_at = now() - interval '10 minutes' WHERE fhir_ref = $1",
      [fhirRef],
    );
  }
});
