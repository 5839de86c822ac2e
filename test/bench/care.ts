import { randomUUID } from 'node:crypto';
import {
  careTeam,
  communicationRequest,
  informalCarer,
  participant,
  patient,
  practitioner,
  roles,
} from '../../deploy/local/src/example-data';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { until } from '../../deploy/local/src/until';
import type { BenchServers } from './bench-servers';

/** A conversation with its Room, in which a nurse (an account) and an informal carer (a ghost) talk. */
export interface Conversation {
  readonly requestId: string;
  readonly roomId: string;
  readonly patientId: string;
  readonly teamId: string;
  readonly carer: string;
  readonly ghost: string;
}

/** Whom the measured conversations are between. */
export interface Care {
  /** Not syncing: who wants to see events starts a client of their own. */
  readonly nurse: MatrixUser;
  readonly nurseReference: string;
  readonly conversations: readonly Conversation[];
}

/** So many conversations go side by side, in the bridge as in what it is compared with. */
const sideBySide = 8;

/** A nurse, and a care team of her and an informal carer with eight conversations. */
export async function startCare(servers: BenchServers): Promise<Care> {
  const { clientUrl, registerUser } = servers.stack.federation.homeservers.vvt;
  const account = await registerUser(`nurse-${randomUUID()}`, 'try-me-locally', 'Sanne Visser');
  const nurse = new MatrixUser(clientUrl, account);
  const { id } = await servers.fhir.create(practitioner('Sanne Visser', nurse.userId));
  const nurseReference = `Practitioner/${id}`;
  const conversations = await openConversations(servers, { nurse, nurseReference }, sideBySide, 1);
  return { nurse, nurseReference, conversations };
}

/** Opens conversations of a new care team around a new patient, and has the nurse join their Rooms. */
export async function openConversations(
  servers: BenchServers,
  { nurse, nurseReference }: Pick<Care, 'nurse' | 'nurseReference'>,
  conversations: number,
  carers: number,
): Promise<Conversation[]> {
  const { fhir } = servers;
  const { id: patientId } = await fhir.create(patient);
  const references: string[] = [];
  for (let index = 0; index < carers; index++)
    references.push(`RelatedPerson/${(await fhir.create(informalCarer(patientId))).id}`);
  const carer = references[0]!;
  const { id: teamId } = await fhir.create(
    careTeam(patientId, [
      participant(nurseReference, roles.careCoordinator),
      ...references.map((reference) => participant(reference, roles.informalCarer)),
    ]),
  );
  const requests: string[] = [];
  for (let index = 0; index < conversations; index++)
    requests.push(
      (await fhir.create(communicationRequest(patientId, teamId, carer, 'How is she today?'))).id,
    );
  const rooms = await roomsOf(servers, requests);
  // Quiet, so that the invites are made.
  await servers.queuesEmpty();
  for (const { roomId } of rooms) await nurse.join(roomId);
  await servers.quiet();
  return rooms.map(({ requestId, roomId, ghost }) => ({
    requestId,
    roomId,
    ghost,
    patientId,
    teamId,
    carer,
  }));

  async function roomsOf({ database }: BenchServers, ids: readonly string[]) {
    // The first message of each Room has been said.
    const query = `
      SELECT substr(room.conversation, 22) AS "requestId", room.room_id AS "roomId", person.ghost_user_id AS ghost
      FROM conversation_room room
      JOIN message_link link ON link.fhir_ref = room.conversation AND link.event_id IS NOT NULL
      JOIN participant person ON person.fhir_ref = $2
      WHERE room.conversation = ANY($1)`;
    const names = ids.map((id) => `CommunicationRequest/${id}`);
    return until(
      'the Rooms',
      async () => {
        const { rows } = await database.query<{ requestId: string; roomId: string; ghost: string }>(query, [
          names,
          carer,
        ]);
        return rows.length === ids.length && rows;
      },
      300_000,
    );
  }
}
