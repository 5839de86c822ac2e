import { EventId } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import {
  CommunicationReading,
  eventIdOf,
  originOf,
  readCommunication,
  whereTo,
  withEventId,
} from './communication-to-message';

const base: Communication = {
  resourceType: 'Communication',
  id: 'm1',
  meta: { versionId: '7' },
  status: 'completed',
  sender: { reference: 'Practitioner/a' },
  payload: [{ contentString: 'Good morning' }],
};

function read(more: Partial<Communication>): CommunicationReading {
  const reading = readCommunication({ ...base, ...more }, 'fhir');
  if (typeof reading === 'string') throw new Error(`makes no message: ${reading}`);
  return reading;
}

const identifier = [
  { system: 'urn:x', value: '1' },
  { system: 'https://matrix.org/event-id', value: '$e' },
];

describe('where a message was said first', () => {
  it('is not told by an event alone: what was written in FHIR bears the one that says it', () => {
    expect(originOf({ ...base, identifier })).toBeUndefined();
    expect(eventIdOf({ ...base, identifier })).toBe('$e');
  });

  it('is Matrix where it bears our tag, also when the record system has dropped the identifier', () => {
    const tag = [{ code: 'other' }, { system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }];
    expect(originOf({ ...base, meta: { tag } })).toBe('matrix');
    expect(originOf({ ...base, meta: { tag }, identifier })).toBe('matrix');
  });

  it.each<Partial<Communication>>([
    {},
    { identifier: [{ system: 'https://matrix.org/event-id', value: 'no event id' }] },
    { identifier: [{ system: 'urn:other', value: '$e' }] },
    { meta: { tag: [{ system: 'urn:other', code: 'from-matrix' }] } },
    { meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'other' }] } },
  ])('is FHIR otherwise: %j', (more) => {
    expect(originOf({ ...base, ...more })).toBe('fhir');
  });
});

describe('the event of a Communication that was written in FHIR', () => {
  const event = EventId.parse('$said');

  it('becomes one more identifier of it', () => {
    const before = { ...base, identifier: [{ system: 'urn:x', value: '1' }] };
    expect(withEventId(before, event)).toEqual({
      ...base,
      identifier: [
        { system: 'urn:x', value: '1' },
        { system: 'https://matrix.org/event-id', value: '$said' },
      ],
    });
  });

  it('is added once, and not to what was taken back', () => {
    expect(withEventId(withEventId(base, event)!, event)).toBeUndefined();
    expect(withEventId({ ...base, identifier }, event)).toBeUndefined();
    expect(withEventId({ ...base, status: 'entered-in-error' }, event)).toBeUndefined();
  });
});

describe('what makes no message', () => {
  it.each<Communication['status']>(['preparation', 'on-hold', 'stopped', 'unknown'])(
    'a Communication with status %s',
    (status) => {
      expect(readCommunication({ ...base, status }, 'fhir')).toBe('not-sent-yet');
    },
  );

  it.each<Communication['status']>(['completed', 'in-progress'])('but one that is %s does', (status) => {
    expect(read({ status }).messages).toHaveLength(1);
  });

  it('one that was entered in error: what it said is taken back, also what was said in Matrix', () => {
    for (const origin of ['fhir', 'matrix'] as const)
      expect(readCommunication({ ...base, status: 'entered-in-error' }, origin)).toBe('taken-back');
  });

  it('one that was not done: what was written in FHIR was never said; what was said in Matrix was', () => {
    expect(readCommunication({ ...base, status: 'not-done' }, 'fhir')).toBe('taken-back');
    expect(readCommunication({ ...base, status: 'not-done' }, 'matrix')).toBe('echo');
  });

  it('our own record of what was said in Matrix', () => {
    expect(readCommunication(base, 'matrix')).toBe('echo');
  });

  it('one without a sender whom the bridge could show', () => {
    expect(readCommunication({ ...base, sender: undefined }, 'fhir')).toBe('no-author');
    expect(readCommunication({ ...base, sender: { display: 'Somebody' } }, 'fhir')).toBe('no-author');
  });

  it('one without payload', () => {
    expect(readCommunication({ ...base, payload: undefined }, 'fhir')).toBe('no-content');
    expect(readCommunication({ ...base, payload: [] }, 'fhir')).toBe('no-content');
  });
});

describe('where a Communication belongs', () => {
  const request = (id: string) => ({ reference: `CommunicationRequest/${id}` });

  it('is the CommunicationRequest that it is part of', () => {
    const more = { partOf: [{ reference: 'Communication/root' }, request('c1')], basedOn: [request('c2')] };
    expect(read(more).request).toBe('CommunicationRequest/c1');
  });

  it('is the one that it is based on, where it is part of none', () => {
    expect(read({ basedOn: [{ reference: 'ServiceRequest/s' }, request('c2')] }).request).toBe(
      'CommunicationRequest/c2',
    );
  });

  it('is else told by the care team that receives it and by whom it is about', () => {
    expect(
      whereTo({
        ...base,
        recipient: [{ reference: 'Patient/p1' }, { reference: 'CareTeam/t1' }],
        subject: { reference: 'Patient/p1' },
      }),
    ).toEqual({ request: null, careTeam: 'CareTeam/t1', subject: 'Patient/p1' });
    expect(whereTo(base)).toEqual({ request: null, careTeam: null, subject: null });
  });
});

it('says every part of the payload, in order', () => {
  const { messages } = read({
    payload: [
      { contentString: 'one' },
      { contentAttachment: { title: 'scan.pdf' } },
      { contentString: 'three' },
    ],
  });
  expect(messages.map(({ part, content, file }) => [part, content.body ?? file?.title])).toEqual([
    [0, 'one'],
    [1, 'scan.pdf'],
    [2, 'three'],
  ]);
});

it('tells its source, version, author, and what it answers', () => {
  expect(
    read({
      sender: { reference: 'https://ehr.example/fhir/RelatedPerson/r1' },
      inResponseTo: [{ reference: 'Communication/m0/_history/2' }],
    }),
  ).toMatchObject({
    source: 'Communication/m1',
    version: '7',
    author: 'RelatedPerson/r1',
    inReplyTo: 'Communication/m0',
  });
  expect(read({}).inReplyTo).toBeUndefined();
});

it.each([
  ['2026-02-01T10:00:00.5+01:00', '2026-02-01T09:00:00.500Z'],
  ['2026-02-01', undefined],
  ['2026-02', undefined],
  [undefined, undefined],
])('was said at the instant that sent %s names: %s', (sent, expected) => {
  expect(read({ sent }).sent).toBe(expected);
});

it('belongs to the thread of the Communication that it is part of', () => {
  const partOf = [{ reference: 'CommunicationRequest/c1' }, { reference: 'Communication/root/_history/1' }];
  expect(read({ partOf }).thread).toBe('Communication/root');
  expect(read({ partOf: partOf.slice(0, 1) }).thread).toBeUndefined();
});

it('speaks to the persons among its recipients, and to no team', () => {
  const recipient = ['CareTeam/t', 'Practitioner/p', 'PractitionerRole/r', 'Group/g', 'Patient/x'];
  expect(read({ recipient: recipient.map((reference) => ({ reference })) }).addressees).toEqual([
    'Practitioner/p',
    'PractitionerRole/r',
    'Patient/x',
  ]);
});
