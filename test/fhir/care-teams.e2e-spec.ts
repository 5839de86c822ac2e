import type {
  CareTeam,
  CareTeamParticipant,
  Communication,
  CommunicationRequest,
  Endpoint,
  Organization,
  Patient,
  Practitioner,
  PractitionerRole,
} from '@medplum/fhirtypes';
import { connect } from 'nats';
import { roles } from '../../deploy/local/src/example-data';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { recordOf } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { queryDatabase } from '../support/database';
import { membershipIn } from '../support/membership-actions';
import { playConversation } from '../support/play-step';
import { deadLetterKinds } from '../support/queue-evidence';

/* Care teams as they are in the wild: within each other, of organisations, without status and subject. The steps build on each other. */

const play = playConversation({
  homeservers: 'vvt',
  settings: { FHIR_DUE_INTERVAL_MS: '200', FHIR_PULL_INTERVAL_MS: '1000' },
});
const { step } = play;
const network = () => play.scene.network;

const snomed = (coding: { code: string; display: string }) => [
  { coding: [{ system: 'http://snomed.info/sct', ...coding }] },
];
const who = (reference: string, role?: { code: string; display: string }): CareTeamParticipant => ({
  member: { reference },
  ...(role ? { role: snomed(role) } : {}),
});

type Stored<T> = T & { id: string };
let pharmacy: Stored<CareTeam>;
let clinic: Stored<CareTeam>;
let outer: Stored<CareTeam>;
let spaceId: string;

async function organisationTeam(...participant: CareTeamParticipant[]): Promise<Stored<CareTeam>> {
  const organisation = await network().fhir.create<Organization>({
    resourceType: 'Organization',
    name: 'Apotheek De Pil',
  });
  return network().fhir.create<CareTeam>({
    resourceType: 'CareTeam',
    status: 'active',
    managingOrganization: [{ reference: `Organization/${organisation.id}` }],
    participant,
  });
}

const spaceOf = async (team: Stored<CareTeam>) => {
  const [row] = await queryDatabase(
    play.scene.stack.federation.databaseUrl,
    'SELECT space_id, own_space FROM care_team_space WHERE care_team = $1',
    [`CareTeam/${team.id}`],
  );
  return row as { space_id: string | null; own_space: boolean } | undefined;
};

const invitedTo = (user: MatrixUser, known: ReadonlySet<string>) =>
  user.waitFor('an invite to a new place', () =>
    [...user.invites.values()].find(({ roomId }) => !known.has(roomId)),
  );

const levelOf = async (roomId: string, userId: string) => {
  const state = await network().nurse.matrix.state(roomId);
  const levels = state.find(({ type }) => type === 'm.room.power_levels');
  return (levels?.content.users as Record<string, number>)[userId];
};

describe('a care team without status and subject', () => {
  step(
    'has its patient, roles and the members of the team in it, and nobody of an organisation',
    async () => {
      const { fhir, nurse, physiotherapist, patient } = network();
      const role = await fhir.create<PractitionerRole>({
        resourceType: 'PractitionerRole',
        practitioner: { reference: `Practitioner/${nurse.resource.id}` },
      });
      const organisation = await fhir.create<Organization>({ resourceType: 'Organization', name: 'VVT' });
      const colleague = await fhir.create<Practitioner>({
        resourceType: 'Practitioner',
        name: [{ text: 'Noor Smit' }],
      });
      pharmacy = await organisationTeam(
        who(`Practitioner/${physiotherapist.resource.id}`, roles.physiotherapist),
        who(`Practitioner/${colleague.id}`),
      );
      const other = await fhir.create<Patient>({ ...patient, id: undefined, identifier: [] });
      const known = new Set([
        ...nurse.matrix.invites.keys(),
        play.scene.thread.spaceId,
        play.scene.thread.roomId,
      ]);
      outer = await fhir.create<CareTeam>({
        resourceType: 'CareTeam',
        participant: [
          who(`Patient/${other.id}`),
          who(`PractitionerRole/${role.id}`, roles.careCoordinator),
          who(`CareTeam/${pharmacy.id}`),
          who(`Organization/${organisation.id}`),
          { member: { display: 'somebody else' } },
        ],
      });
      ({ roomId: spaceId } = await invitedTo(nurse.matrix, known));
      await nurse.matrix.accept(spaceId);
      await physiotherapist.matrix.accept(spaceId);
      expect(await levelOf(spaceId, nurse.matrix.userId)).toBe(100);
      expect(await levelOf(spaceId, physiotherapist.matrix.userId)).toBe(75);
      const names = await until('the ghosts of the patient and the colleague', async () => {
        const state = await nurse.matrix.state(spaceId);
        const ghosts = state.filter(
          ({ type, sender, content, state_key }) =>
            type === 'm.room.member' &&
            content.membership === 'join' &&
            sender === state_key &&
            sender.startsWith('@_fhir_bridge_') &&
            !sender.startsWith('@_fhir_bridge_bot'),
        );
        return ghosts.length === 2 && ghosts.map(({ content }) => String(content.displayname)).sort();
      });
      expect(names).toEqual(['Noor Smit', 'Patient']);
    },
  );

  step('has other members when the team in it changes, at the end of a period in it as well', async () => {
    const { fhir, gp, nurse } = network();
    const before = pharmacy.participant ?? [];
    const member = who(`Practitioner/${gp.resource.id}`, roles.generalPractitioner);
    pharmacy = (await fhir.update<CareTeam>({
      ...pharmacy,
      participant: [...before, { ...member, period: { end: '2999-01-01' } }],
    })) as Stored<CareTeam>;
    await gp.matrix.accept(spaceId);
    const end = new Date(Date.now() + 3_000).toISOString();
    pharmacy = (await fhir.update<CareTeam>({
      ...pharmacy,
      participant: [...before, { ...member, period: { end } }],
    })) as Stored<CareTeam>;
    await gp.matrix.waitFor('the removal', () => gp.matrix.left.has(spaceId));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(end));
    const { membership } = await membershipIn(nurse.matrix, spaceId, gp.matrix.userId);
    expect(membership).toBe('leave');
  });

  step('comes to rest when the team in it has it for a participant in turn', async () => {
    const { fhir, pharmacist } = network();
    pharmacy = (await fhir.update<CareTeam>({
      ...pharmacy,
      participant: [...(pharmacy.participant ?? []), who(`CareTeam/${outer.id}`)],
    })) as Stored<CareTeam>;
    // The outer team brings its new member into both, and each is applied for the other.
    outer = (await fhir.update<CareTeam>({
      ...outer,
      participant: [
        ...(outer.participant ?? []),
        who(`Practitioner/${pharmacist.resource.id}`, roles.pharmacist),
      ],
    })) as Stored<CareTeam>;
    await pharmacist.matrix.accept(spaceId);
    const { databaseUrl } = play.scene.stack.federation;
    const members = await until('the pharmacist in the inner team too', async () => {
      const rows = await queryDatabase(
        databaseUrl,
        'SELECT person FROM care_team_member WHERE care_team = $1 AND present',
        [`CareTeam/${pharmacy.id}`],
      );
      const persons = rows.map(({ person }) => String(person));
      return persons.includes(`Practitioner/${pharmacist.resource.id}`) && persons;
    });
    expect(new Set(members).size).toBe(members.length);
    // Whatever is queued passes here as well.
    const connection = await connect({ servers: play.scene.stack.federation.natsUrl });
    const queued: string[] = [];
    connection.subscribe('mapping.*.fhir.>', {
      callback: (_error, { subject }) => queued.push(kindOf(subject)),
    });
    const pullsWithoutWork = () => queued.slice(queued.findLastIndex((kind) => kind !== 'fhir.pull') + 1);
    await until('three pulls after which no care team is applied again', async () =>
      Promise.resolve(pullsWithoutWork().length >= 3),
    );
    await connection.close();
  });

  step('goes on without the team in it when that is closed', async () => {
    const { fhir, physiotherapist } = network();
    pharmacy = (await fhir.update<CareTeam>({ ...pharmacy, status: 'inactive' })) as Stored<CareTeam>;
    await physiotherapist.matrix.waitFor('the removal', () => physiotherapist.matrix.left.has(spaceId));
    pharmacy = (await fhir.update<CareTeam>({ ...pharmacy, status: 'active' })) as Stored<CareTeam>;
    await until('the invite', async () => {
      const { membership } = await membershipIn(
        network().nurse.matrix,
        spaceId,
        physiotherapist.matrix.userId,
      );
      return membership === 'invite';
    });
  });
});

describe('a professional whose account is at an Endpoint of their role', () => {
  let locum: MatrixUser;
  let endpoint: Stored<Endpoint>;

  step('is invited by it, and mapped with the numbers of card and organisation', async () => {
    const { fhir, nurse } = network();
    const { clientUrl, registerUser } = play.scene.stack.federation.homeservers.huisarts;
    locum = new MatrixUser(clientUrl, await registerUser('l.ocum', 'try-me-locally', 'Locum'));
    await locum.start();
    const person = await fhir.create<Practitioner>({
      resourceType: 'Practitioner',
      name: [{ text: 'Lot Ocum' }],
      identifier: [
        { system: 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers', value: '900012345' },
        { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: '999990019' },
      ],
      telecom: [{ system: 'email', use: 'work', value: 'l.ocum@praktijk.example' }],
    });
    const organisation = await fhir.create<Organization>({
      resourceType: 'Organization',
      identifier: [{ system: 'http://fhir.nl/fhir/NamingSystem/ura', value: '87654321' }],
    });
    endpoint = await fhir.create<Endpoint>({
      resourceType: 'Endpoint',
      status: 'active',
      connectionType: {
        system: 'https://gematik.de/fhir/directory/CodeSystem/EndpointDirectoryConnectionType',
        code: 'tim',
      },
      payloadType: [{ text: 'tim-chat' }],
      address: `matrix:u/${locum.userId.slice(1)}`,
    });
    const role = await fhir.create<PractitionerRole>({
      resourceType: 'PractitionerRole',
      practitioner: { reference: `Practitioner/${person.id}` },
      organization: { reference: `Organization/${organisation.id}` },
      endpoint: [{ reference: `Endpoint/${endpoint.id}` }],
    });
    outer = (await fhir.update<CareTeam>({
      ...outer,
      participant: [
        ...(outer.participant ?? []),
        who(`PractitionerRole/${role.id}`, roles.generalPractitioner),
      ],
    })) as Stored<CareTeam>;
    await locum.accept(spaceId);
    const mapping = await until('the mapping', async () =>
      (await nurse.matrix.state(spaceId)).find(
        ({ type, state_key: key }) => type === 'custom.user_mappings' && key === locum.userId.slice(1),
      ),
    );
    expect(mapping.content).toEqual({
      fhirRef: `Practitioner/${person.id}`,
      roleCode: roles.generalPractitioner.code,
      uraNr: '87654321',
      uziNr: '900012345',
      email: 'l.ocum@praktijk.example',
    });
  });

  step('is shown by a ghost when the Endpoint is switched off', async () => {
    await network().fhir.update<Endpoint>({ ...endpoint, status: 'off' });
    await locum.waitFor('the removal', () => locum.left.has(spaceId));
    await locum.stop();
    await until('the ghost', async () =>
      (await network().nurse.matrix.state(spaceId)).some(
        ({ type, content }) =>
          type === 'm.room.member' &&
          content.membership === 'join' &&
          String(content.displayname).startsWith('Lot Ocum'),
      ),
    );
  });
});

describe('a conversation between teams of organisations', () => {
  let roomId: string;
  let request: Stored<CommunicationRequest>;

  step('has the members of both, beside the patient’s Space, and no Space is made for a team', async () => {
    const { fhir, patient, gp, pharmacist, physiotherapist } = network();
    const author = { reference: `Practitioner/${physiotherapist.resource.id}` };
    pharmacy = await organisationTeam(who(author.reference), who(`Practitioner/${pharmacist.resource.id}`));
    clinic = await organisationTeam(who(`Practitioner/${gp.resource.id}`, roles.generalPractitioner));
    const known = new Set(gp.matrix.invites.keys());
    request = await fhir.create<CommunicationRequest>({
      resourceType: 'CommunicationRequest',
      status: 'active',
      extension: [
        {
          url: 'http://ozoverbindzorg.nl/fhir/StructureDefinition/ozo-sender-careteam',
          valueReference: { reference: `CareTeam/${pharmacy.id}` },
        },
      ],
      subject: { reference: `Patient/${patient.id}` },
      requester: author,
      sender: author,
      recipient: [{ reference: `CareTeam/${clinic.id}` }],
      payload: [{ contentString: 'Please check the list.' }],
    });
    ({ roomId } = await invitedTo(gp.matrix, known));
    for (const { matrix } of [physiotherapist, gp, pharmacist]) {
      await matrix.accept(roomId);
      await until('the first message', async () =>
        (await matrix.history(roomId)).some(({ content }) => content.body === 'Please check the list.'),
      );
    }
    const { nurse } = network();
    const { membership } = await membershipIn(gp.matrix, roomId, nurse.matrix.userId);
    expect(membership).toBeUndefined();
    const state = await gp.matrix.state(roomId);
    const parent = state.find(({ type }) => type === 'm.space.parent');
    expect(parent?.state_key).toBe(play.scene.thread.spaceId);
    for (const team of [pharmacy, clinic])
      expect(await spaceOf(team)).toEqual({ space_id: null, own_space: false });
  });

  step('records what is said there as addressed to both teams', async () => {
    const { gp, patient } = network();
    const { eventId } = await gp.matrix.say(roomId, 'The list is right.');
    const recorded: Communication = await recordOf(network(), eventId);
    expect(recorded).toMatchObject({
      partOf: [{ reference: `CommunicationRequest/${request.id}` }],
      subject: { reference: `Patient/${patient.id}` },
      sender: { reference: `Practitioner/${gp.resource.id}` },
      recipient: [{ reference: `CareTeam/${clinic.id}` }, { reference: `CareTeam/${pharmacy.id}` }],
    });
  });

  step('has other members when a team changes', async () => {
    const { fhir, nurse, gp } = network();
    clinic = (await fhir.update<CareTeam>({
      ...clinic,
      participant: [who(`Practitioner/${nurse.resource.id}`, roles.careCoordinator)],
    })) as Stored<CareTeam>;
    await nurse.matrix.accept(roomId);
    await gp.matrix.waitFor('the removal', () => gp.matrix.left.has(roomId));
  });

  step('leaves nothing among the dead letters', async () => {
    expect(await deadLetterKinds(play.scene.stack.federation.natsUrl)).toEqual([]);
  });
});

const kindOf = (subject: string) => subject.split('.').slice(2).join('.');
