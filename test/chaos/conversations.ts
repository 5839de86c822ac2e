import { communicationRequest } from '../../deploy/local/src/example-data';
import type { MatrixUser } from '../../deploy/local/src/matrix-user';
import { type CareNetwork, type Professional, teamOf } from '../../deploy/local/src/scenario/network';

/** A conversation on both sides. */
export interface Conversation {
  readonly number: number;
  readonly requestId: string;
  readonly roomId: string;
}

/** One care team with people on all three homeservers and one who writes in the record, and its conversations. */
export interface Talks {
  readonly network: CareNetwork;
  readonly careTeamId: string;
  /** One of each homeserver. */
  readonly speakers: readonly Professional[];
  readonly conversations: readonly Conversation[];
}

/** Makes the conversations in the record, and waits until everybody is in every Room. */
export async function openConversations(network: CareNetwork, rooms: number): Promise<Talks> {
  const { fhir, gp, pharmacist, nurse, patient, carer } = network;
  const speakers = [nurse, gp, pharmacist];
  const team = await fhir.create(teamOf(network));
  const requests = new Map<string, string>();
  for (let number = 1; number <= rooms; number += 1) {
    const text = `Conversation ${number}`;
    const request = communicationRequest(patient.id, team.id, `RelatedPerson/${carer.id}`, text);
    requests.set(text, (await fhir.create(request)).id);
  }
  // With the Space.
  await Promise.all(speakers.map(({ matrix }) => acceptAll(matrix, rooms + 1)));
  const conversations = await Promise.all(
    [...requests].map(async ([text, requestId], index) => {
      const first = await nurse.matrix.waitFor(`“${text}”`, () =>
        nurse.matrix.events.find(({ content }) => content.body === text),
      );
      return { number: index + 1, requestId, roomId: first.room_id };
    }),
  );
  return { network, careTeamId: team.id, speakers, conversations };
}

/** @throws Error when a minute passes without another invite */
async function acceptAll(person: MatrixUser, count: number): Promise<void> {
  for (let joined = 0; joined < count; joined += 1) {
    const next = await person.waitFor('another invite', () => [...person.invites.keys()][0]);
    await person.accept(next);
  }
}
