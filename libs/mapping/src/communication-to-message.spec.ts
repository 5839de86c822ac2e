import type { Communication } from '@medplum/fhirtypes';
import { CommunicationReading, eventIdOf, readCommunication, whereTo } from './communication-to-message';

const base: Communication = {
  resourceType: 'Communication',
  id: 'm1',
  meta: { versionId: '7' },
  status: 'completed',
  sender: { reference: 'Practitioner/a' },
  payload: [{ contentString: 'Good morning' }],
};

function read(more: Partial<Communication>): CommunicationReading {
  const reading = readCommunication({ ...base, ...more });
  if (typeof reading === 'string') throw new Error(`makes no message: ${reading}`);
  return reading;
}

describe('what came from Matrix', () => {
  it('is known by the event in its identifier', () => {
    const identifier = [
      { system: 'urn:x', value: '1' },
      { system: 'https://matrix.org/event-id', value: '$e' },
    ];
    expect(readCommunication({ ...base, identifier })).toBe('echo');
    expect(eventIdOf({ ...base, identifier })).toBe('$e');
  });

  it('is known by our tag, when the record system has dropped the identifier', () => {
    const tag = [{ code: 'other' }, { system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }];
    expect(readCommunication({ ...base, meta: { tag } })).toBe('echo');
  });

  it.each<Partial<Communication>>([
    { identifier: [{ system: 'https://matrix.org/event-id', value: 'no event id' }] },
    { identifier: [{ system: 'urn:other', value: '$e' }] },
    { meta: { tag: [{ system: 'urn:other', code: 'from-matrix' }] } },
    { meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'other' }] } },
  ])('is nothing else: %j', (more) => {
    expect(typeof readCommunication({ ...base, ...more })).toBe('object');
  });
});

describe('what makes no message', () => {
  it.each<Communication['status']>(['preparation', 'not-done', 'on-hold', 'stopped', 'unknown'])(
    'a Communication with status %s',
    (status) => {
      expect(readCommunication({ ...base, status })).toBe('not-sent-yet');
    },
  );

  it.each<Communication['status']>(['completed', 'in-progress'])('but one that is %s does', (status) => {
    expect(read({ status }).messages).toHaveLength(1);
  });

  it('one that was entered in error: what it said is taken back, also what was said in Matrix', () => {
    const identifier = [{ system: 'https://matrix.org/event-id', value: '$e' }];
    expect(readCommunication({ ...base, status: 'entered-in-error' })).toBe('taken-back');
    expect(readCommunication({ ...base, status: 'entered-in-error', identifier })).toBe('taken-back');
  });

  it('one without a sender whom the bridge could show', () => {
    expect(readCommunication({ ...base, sender: undefined })).toBe('no-author');
    expect(readCommunication({ ...base, sender: { display: 'Somebody' } })).toBe('no-author');
  });

  it('one without payload', () => {
    expect(readCommunication({ ...base, payload: undefined })).toBe('no-content');
    expect(readCommunication({ ...base, payload: [] })).toBe('no-content');
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
