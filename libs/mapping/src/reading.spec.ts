import { FhirRef } from '@bridge/contracts';
import type { AuditEvent, Task } from '@medplum/fhirtypes';
import { orderingKey } from './ordering-key';
import { completed, readEventQuery, readMark, toAuditEvent } from './reading';

const task: Task = {
  resourceType: 'Task',
  id: 't1',
  status: 'completed',
  intent: 'order',
  basedOn: [{ reference: 'ServiceRequest/s' }, { reference: 'CommunicationRequest/c1' }],
  owner: { reference: 'RelatedPerson/r1' },
  focus: { reference: 'Communication/m1' },
};

const reading = {
  reader: FhirRef.parse('Practitioner/p1'),
  what: FhirRef.parse('Communication/m1'),
  readAt: new Date('2026-03-10T12:00:00Z'),
  serverName: 'care.example',
};

/** As somebody else's system writes it. */
const foreign: AuditEvent = { ...toAuditEvent(reading), id: 'a1', meta: {} };

describe('a Task', () => {
  it('that its owner has completed says that they have read, in the conversation it is based on', () => {
    expect(readMark(task)).toEqual({
      reader: 'RelatedPerson/r1',
      what: 'Communication/m1',
      conversation: 'CommunicationRequest/c1',
    });
  });

  it.each<Partial<Task>>([
    { status: 'requested' },
    { owner: undefined },
    { owner: { display: 'Somebody' } },
    { focus: undefined },
    { focus: { reference: 'Observation/o' } },
    { basedOn: undefined },
    { basedOn: [{ reference: 'ServiceRequest/s' }] },
  ])('says nothing of the kind with %j', (more) => {
    expect(readMark({ ...task, ...more })).toBeUndefined();
  });

  it.each<Task['status']>(['requested', 'received', 'accepted', 'ready', 'in-progress', 'on-hold'])(
    'that is %s is completed when its owner reads in Matrix',
    (status) => {
      expect(completed({ ...task, status }, reading.readAt)).toEqual({
        ...task,
        lastModified: '2026-03-10T12:00:00.000Z',
      });
    },
  );

  it.each<Task['status']>(['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error', 'draft'])(
    'that is %s stays as it is',
    (status) => {
      expect(completed({ ...task, status }, reading.readAt)).toBeUndefined();
    },
  );
});

describe('an AuditEvent', () => {
  it('of an access says that its agent has read', () => {
    expect(readMark(foreign)).toEqual({
      reader: 'Practitioner/p1',
      what: 'Communication/m1',
      conversation: undefined,
    });
  });

  it('names the requestor as the reader, where there are several agents', () => {
    const agent = [
      { who: { reference: 'Device/d' }, requestor: false },
      { who: { reference: 'Practitioner/p2' }, requestor: true },
    ];
    expect(readMark({ ...foreign, agent })?.reader).toBe('Practitioner/p2');
  });

  it('that the bridge has written itself says nothing', () => {
    expect(readMark(toAuditEvent(reading))).toBeUndefined();
  });

  it.each<Partial<AuditEvent>>([
    { action: 'U' },
    { subtype: undefined },
    { subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'read' }] },
    { agent: [{ requestor: true }] },
    { entity: [{ what: { reference: 'Patient/p' } }] },
    { entity: undefined },
  ])('says nothing of the kind with %j', (more) => {
    expect(readMark({ ...foreign, ...more })).toBeUndefined();
  });

  it('of what was read in Matrix has reader, time and message, and nothing of a patient', () => {
    expect(toAuditEvent(reading)).toEqual({
      resourceType: 'AuditEvent',
      meta: {
        source: 'urn:fhir-matrix-bridge:care.example',
        tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }],
      },
      type: {
        system: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
        code: 'rest',
        display: 'RESTful Operation',
      },
      subtype: [
        {
          system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
          code: 'access',
          display: 'Access/View Record Lifecycle Event',
        },
      ],
      action: 'R',
      recorded: '2026-03-10T12:00:00.000Z',
      outcome: '0',
      agent: [{ who: { reference: 'Practitioner/p1', type: 'Practitioner' }, requestor: true }],
      source: {
        observer: {
          identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:fhir-matrix-bridge:care.example' },
        },
      },
      entity: [{ what: { reference: 'Communication/m1', type: 'Communication' } }],
    });
  });

  it('is found again by reader, message and our mark', () => {
    expect(Object.fromEntries(new URLSearchParams(readEventQuery(reading)))).toEqual({
      _tag: 'urn:fhir-matrix-bridge:tag|from-matrix',
      agent: 'Practitioner/p1',
      entity: 'Communication/m1',
      action: 'R',
    });
  });
});

describe('the order of changes', () => {
  it('of a Task is that of its conversation', () => {
    expect(orderingKey(task)).toBe('CommunicationRequest/c1');
    expect(orderingKey({ ...task, basedOn: undefined })).toBe('Task/t1');
  });

  it('of an AuditEvent is that of what was read', () => {
    expect(orderingKey(foreign)).toBe('Communication/m1');
    expect(orderingKey({ ...foreign, entity: [{ what: { reference: 'CommunicationRequest/c1' } }] })).toBe(
      'CommunicationRequest/c1',
    );
    expect(orderingKey({ ...foreign, action: 'U' })).toBe('AuditEvent/a1');
  });
});
