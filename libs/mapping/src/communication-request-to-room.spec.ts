import type { Language } from '@bridge/contracts';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import { readCommunicationRequest } from './communication-request-to-room';

function read(more: Partial<CommunicationRequest>, nameFromTopic = false, language: Language = 'en') {
  return readCommunicationRequest(
    {
      resourceType: 'CommunicationRequest',
      id: 'c1',
      status: 'active',
      meta: { lastUpdated: '2026-03-10T23:30:00Z', versionId: '1' },
      ...more,
    },
    nameFromTopic,
    language,
  );
}

describe('whether members may post', () => {
  it.each<[CommunicationRequest['status'], boolean]>([
    ['draft', true],
    ['active', true],
    ['on-hold', false],
    ['revoked', false],
    ['completed', false],
    ['entered-in-error', false],
    ['unknown', false],
  ])('with status %s: %s', (status, open) => {
    expect(read({ status }).open).toBe(open);
  });
});

describe('who takes part in a conversation', () => {
  it('is recipients, requester and sender, each once, whatever the form of the reference', () => {
    expect(
      read({
        recipient: [
          { reference: 'CareTeam/t1' },
          { reference: 'https://ehr.example/fhir/Practitioner/a' },
          { display: 'somebody' },
        ],
        requester: { reference: 'Practitioner/a/_history/2' },
        sender: { reference: 'RelatedPerson/b' },
      }).parties,
    ).toEqual(['CareTeam/t1', 'Practitioner/a', 'RelatedPerson/b']);
  });

  it('is nobody where nobody is named', () => {
    expect(read({}).parties).toEqual([]);
  });

  it('names the care teams among them', () => {
    const recipient = [
      { reference: 'Patient/p' },
      { reference: 'CareTeam/t1' },
      { reference: 'CareTeam/t2' },
    ];
    expect(read({ recipient }).careTeams).toEqual(['CareTeam/t1', 'CareTeam/t2']);
    expect(read({ recipient: [{ reference: 'Patient/p' }] }).careTeams).toEqual([]);
  });

  it('have the team among them that sends it, which R4 allows in an extension only', () => {
    const url = 'http://ozoverbindzorg.nl/fhir/StructureDefinition/ozo-sender-careteam';
    const reading = read({
      extension: [
        { url, valueReference: { reference: 'CareTeam/pharmacy' } },
        { url: 'http://example.org/other', valueReference: { reference: 'CareTeam/other' } },
      ],
      sender: { reference: 'Practitioner/a' },
      recipient: [{ reference: 'CareTeam/clinic' }],
    });
    expect(reading.parties).toEqual(['CareTeam/clinic', 'CareTeam/pharmacy', 'Practitioner/a']);
    expect(reading.careTeams).toEqual(['CareTeam/clinic', 'CareTeam/pharmacy']);
    expect(reading.author).toBe('Practitioner/a');
  });
});

describe('who says the first messages', () => {
  const requester = { reference: 'Practitioner/requester' };

  it('is the sender', () => {
    expect(read({ sender: { reference: 'RelatedPerson/sender' }, requester }).author).toBe(
      'RelatedPerson/sender',
    );
  });

  it('is the requester where no sender can be read', () => {
    expect(read({ sender: { reference: '#contained' }, requester }).author).toBe('Practitioner/requester');
  });

  it('is nobody where neither is named', () => {
    expect(read({}).author).toBeUndefined();
  });
});

describe('what a Room is called', () => {
  const topic: Partial<CommunicationRequest> = {
    reasonCode: [{ text: 'Wound of Mrs Jansen' }],
    category: [{ text: 'Question' }],
    authoredOn: '2026-02-01T10:00:00+01:00',
  };

  it('is neutral, with the day, unless topics may be shown', () => {
    expect(read(topic).name).toBe('Conversation · 2026-02-01');
  });

  it('is the topic, where it may be shown', () => {
    expect(read(topic, true).name).toBe('Wound of Mrs Jansen');
    expect(read({ ...topic, reasonCode: undefined }, true).name).toBe('Question');
  });

  it('is neutral where there is no topic', () => {
    expect(read({ authoredOn: '2026-02-01' }, true).name).toBe('Conversation · 2026-02-01');
    expect(read({ reasonCode: [{ coding: [{ code: 'x' }] }] }, true).name).toBe('Conversation · 2026-03-10');
  });
});

it('is about its subject and encounter', () => {
  expect(
    read({ subject: { reference: 'Patient/p1' }, encounter: { reference: 'Encounter/e1' } }),
  ).toMatchObject({
    conversation: 'CommunicationRequest/c1',
    subject: 'Patient/p1',
    encounter: 'Encounter/e1',
    versionAt: new Date('2026-03-10T23:30:00Z'),
  });
  expect(read({})).toMatchObject({ subject: null, encounter: null });
});

it('says its payload as the first messages, in order', () => {
  const { messages } = read({ payload: [{ contentString: 'one' }, { contentString: 'two' }] });
  expect(messages.map(({ part, content }) => [part, content.body])).toEqual([
    [0, 'one'],
    [1, 'two'],
  ]);
  expect(read({}).messages).toEqual([]);
});

it.each([
  ['2026-02-01T10:00:00+01:00', '2026-02-01T09:00:00.000Z'],
  ['2026-02-01', undefined],
  ['2026', undefined],
  [undefined, undefined],
])('was said at the instant that authoredOn %s names: %s', (authoredOn, sent) => {
  expect(read({ authoredOn }).sent).toBe(sent);
});

it('has a neutral name in the configured language', () => {
  expect(read({ authoredOn: '2026-03-10' }, false, 'nl').name).toBe('Gesprek · 2026-03-10');
  expect(read({ authoredOn: '2026-03-10' }, false, 'de').name).toBe('Gespräch · 2026-03-10');
});
