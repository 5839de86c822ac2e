import { randomUUID } from 'node:crypto';
import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import { CareTeamStore, ConversationStore, ParticipantStore } from '@bridge/persistence';
import { AsIngressFixture, basePath } from './support/as-ingress-fixture';
import { type HttpAnswer } from './support/http-request';

let ingress: AsIngressFixture;

beforeAll(async () => {
  ingress = await AsIngressFixture.start();
}, 60_000);

afterAll(() => ingress?.stop());

beforeEach(() => ingress.emptyQueues());

/** As for a person without an account of their own. */
async function handOut(ghost: UserId): Promise<void> {
  const person = FhirRef.parse(`Practitioner/${randomUUID()}`);
  await ingress.app
    .get(ParticipantStore)
    .save(
      { fhirRef: person, accountUserId: null, displayName: 'A. Nurse', mapping: { fhirRef: person } },
      () => ghost,
    );
}

describe('lookups', () => {
  it('answer 200 for what the bridge handed out, and 404 for the rest', async () => {
    const ghost = UserId.parse(`@_bridge_${randomUUID()}:care.example`);
    await handOut(ghost);
    const user = (id: string): Promise<HttpAnswer> =>
      ingress.call({ method: 'GET', target: `${basePath}/users/${encodeURIComponent(id)}` });
    const known = await user(ghost);
    expect([known.status, known.json()]).toEqual([200, {}]);
    for (const id of [
      `${ghost}x`,
      `@_bridge_${'x'.repeat(200)}:care.example`,
      '@_bridge_\u0000:care.example',
      'x',
      '%',
    ]) {
      const answer = await user(id);
      expect([answer.status, answer.json()]).toMatchObject([404, { errcode: 'M_NOT_FOUND' }]);
    }
  });

  it('find a ghost with the longest id there can be', async () => {
    const ghost = UserId.parse(`@_bridge_${randomUUID()}`.padEnd(242, 'x') + ':care.example');
    await handOut(ghost);
    const answer = await ingress.call({
      method: 'GET',
      target: `${basePath}/users/${encodeURIComponent(ghost)}`,
    });
    expect(answer.status).toBe(200);
  });

  it('find the alias of a Room on this server only', async () => {
    const conversation = FhirRef.parse(`CommunicationRequest/${randomUUID()}`);
    const store = ingress.app.get(ConversationStore);
    await store.apply({
      conversation,
      careTeam: null,
      subject: null,
      encounter: null,
      parties: [],
      open: true,
      name: 'Conversation',
      versionAt: new Date(),
    });
    const localpart = (await store.find(conversation))?.aliasLocalpart ?? '';
    const room = async (alias: string): Promise<number> =>
      (await ingress.call({ method: 'GET', target: `${basePath}/rooms/${encodeURIComponent(alias)}` }))
        .status;
    expect(await room(`#${localpart}:care.example`)).toBe(200);
    expect(await room(`#${localpart}:evil.example`)).toBe(404);
    expect(await room('#_bridge_unknown:care.example')).toBe(404);
  });
});

describe('third-party lookups', () => {
  const lookUp = async (target: string): Promise<unknown> => {
    const answer = await ingress.call({ method: 'GET', target: `${basePath}/thirdparty/${target}` });
    return answer.status === 200 ? answer.json() : [answer.status, answer.json()];
  };
  const newPerson = async (type: string, account: string | null, uziNr?: string) => {
    const fhirRef = FhirRef.parse(`${type}/${randomUUID()}`);
    const ghost = UserId.parse(`@_bridge_${randomUUID()}:care.example`);
    const accountUserId = account === null ? null : UserId.parse(account);
    const mapping = { fhirRef, ...(uziNr ? { uziNr } : {}) };
    await ingress.app
      .get(ParticipantStore)
      .save({ fhirRef, accountUserId, displayName: 'A. Nurse', mapping }, () => ghost);
    return { fhirRef, ghost };
  };
  const found = (userid: string, reference: string) => ({ userid, protocol: 'fhir', fields: { reference } });

  it('tell what the protocol "fhir" is asked by', async () => {
    expect(await lookUp('protocol/fhir')).toMatchObject({
      user_fields: ['reference', 'identifier'],
      location_fields: ['careTeam'],
      icon: '',
      field_types: {
        reference: { regexp: expect.any(String) as string, placeholder: 'Practitioner/1' },
        identifier: {},
        careTeam: {},
      },
      instances: [{ network_id: 'fhir', desc: 'FHIR', fields: {} }],
    });
  });

  it.each(['protocol/irc', 'user/irc?reference=Practitioner/1', 'location/irc', 'user/__proto__'])(
    'answer %s with 404: another protocol',
    async (target) => {
      expect(await lookUp(target)).toMatchObject([404, { errcode: 'M_NOT_FOUND' }]);
    },
  );

  it('find the account of a professional, or their ghost, by FHIR reference', async () => {
    const doctor = await newPerson('Practitioner', `@doctor-${randomUUID()}:practice.example`);
    const carer = await newPerson('RelatedPerson', null);
    const [{ userid }] = (await lookUp(`user/fhir?reference=${doctor.fhirRef}`)) as [{ userid: string }];
    expect(userid).toMatch(/^@doctor-.*:practice.example$/);
    expect(await lookUp(`user/fhir?reference=${doctor.fhirRef}`)).toEqual([found(userid, doctor.fhirRef)]);
    expect(await lookUp(`user/fhir?reference=${carer.fhirRef}`)).toEqual([found(carer.ghost, carer.fhirRef)]);
  });

  it('find a professional by UZI number, and by both together when both are theirs', async () => {
    const uziNr = String(Math.trunc(Math.random() * 1e9)).padStart(9, '0');
    const { fhirRef, ghost } = await newPerson('Practitioner', null, uziNr);
    const identifier = encodeURIComponent(`http://fhir.nl/fhir/NamingSystem/uzi-nr-pers|${uziNr}`);
    const expected = [found(ghost, fhirRef)];
    expect(await lookUp(`user/fhir?identifier=${identifier}`)).toEqual(expected);
    expect(await lookUp(`user/fhir?identifier=${identifier}&reference=${fhirRef}`)).toEqual(expected);
    expect(await lookUp(`user/fhir?identifier=${identifier}&reference=Practitioner/other`)).toEqual([]);
    expect(await lookUp(`user/fhir?identifier=${identifier}&reference=nonsense`)).toEqual([]);
    const bsn = encodeURIComponent(`http://fhir.nl/fhir/NamingSystem/bsn|${uziNr}`);
    expect(await lookUp(`user/fhir?identifier=${bsn}&reference=${fhirRef}`)).toEqual([]);
  });

  it('find back whose account or ghost it is', async () => {
    const account = `@both-${randomUUID()}:practice.example`;
    const [one, other] = await Promise.all([
      newPerson('RelatedPerson', account),
      newPerson('RelatedPerson', account),
    ]);
    const both = [one.fhirRef, other.fhirRef].sort();
    expect(await lookUp(`user?userid=${encodeURIComponent(account)}`)).toEqual(
      both.map((reference) => found(account, reference)),
    );
    expect(await lookUp(`user?userid=${encodeURIComponent(one.ghost)}`)).toEqual([
      found(one.ghost, one.fhirRef),
    ]);
  });

  it('never find a patient, neither way', async () => {
    const account = `@patient-${randomUUID()}:care.example`;
    const patient = await newPerson('Patient', account);
    expect(await lookUp(`user/fhir?reference=${patient.fhirRef}`)).toEqual([]);
    expect(await lookUp(`user?userid=${encodeURIComponent(account)}`)).toEqual([]);
    expect(await lookUp(`user?userid=${encodeURIComponent(patient.ghost)}`)).toEqual([]);
  });

  it('find the Space of a care team once it exists, and back', async () => {
    const careTeam = FhirRef.parse(`CareTeam/${randomUUID()}`);
    const store = ingress.app.get(CareTeamStore);
    const team = {
      careTeam,
      subject: null,
      open: true,
      ownSpace: true,
      sealedSubject: null,
      nextChangeAt: null,
      members: [],
      versionAt: new Date(),
    };
    await store.apply(team);
    const alias = `#${(await store.find(careTeam))?.aliasLocalpart}:care.example`;
    const back = `location?alias=${encodeURIComponent(alias)}`;
    expect(await lookUp(`location/fhir?careTeam=${careTeam}`)).toEqual([]);
    expect(await lookUp(back)).toEqual([]);

    await store.setSpace(careTeam, RoomId.parse(`!${randomUUID()}`));
    const location = { alias, protocol: 'fhir', fields: { careTeam } };
    expect(await lookUp(`location/fhir?careTeam=${careTeam}`)).toEqual([location]);
    expect(await lookUp(back)).toEqual([location]);
    expect(await lookUp(back.replace('care.example', 'evil.example'))).toEqual([]);
  });

  it.each([
    'user/fhir',
    'user/fhir?reference',
    'user/fhir?reference=Practitioner/1&reference=Practitioner/2',
    'user/fhir?reference=https://elsewhere.example/fhir/Practitioner/1',
    'user/fhir?reference=%00',
    'user/fhir?identifier=%7C',
    'user/fhir?identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fuzi-nr-pers%7C%00',
    'user/fhir?identifier=http%3A%2F%2Ffhir.nl%2Ffhir%2FNamingSystem%2Fuzi-nr-pers%7C',
    'user/fhir?name=Anna',
    'user',
    'user?userid=%40a%00%3Ab',
    'user?userid=@a:b&userid=@a:b',
    'location/fhir',
    'location/fhir?careTeam=Practitioner/1',
    'location',
    'location?alias=%23a%00%3Acare.example',
  ])('find nothing with %s', async (target) => {
    expect(await lookUp(target)).toEqual([]);
  });
});
