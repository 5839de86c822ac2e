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

/**
 * More at once keep a homeserver so busy that the bridge takes a partner for away, and leaves its people's invites for
 * later.
 */
const atOnce = 6;

/** Makes the conversations in the record, and waits until everybody is in every Room. */
export async function openConversations(network: CareNetwork, rooms: number): Promise<Talks> {
  const { fhir, gp, pharmacist, nurse, patient, carer } = network;
  const speakers = [nurse, gp, pharmacist];
  const team = await fhir.create(teamOf(network));
  // The Space.
  await Promise.all(speakers.map(({ matrix }) => acceptNext(matrix, 1)));
  const conversations: Conversation[] = [];
  while (conversations.length < rooms) {
    const numbers = Array.from(
      { length: Math.min(atOnce, rooms - conversations.length) },
      (_, index) => conversations.length + index + 1,
    );
    const opened = numbers.map(async (number): Promise<Conversation> => {
      const text = `Conversation ${number}`;
      const request = communicationRequest(patient.id, team.id, `RelatedPerson/${carer.id}`, text);
      const { id: requestId } = await fhir.create(request);
      const first = await nurse.matrix.waitFor(`“${text}”`, () =>
        nurse.matrix.events.find(({ content }) => content.body === text),
      );
      return { number, requestId, roomId: first.room_id };
    });
    const joined = speakers.map(({ matrix }) => acceptNext(matrix, numbers.length));
    const [next] = await Promise.all([Promise.all(opened), ...joined]);
    conversations.push(...next);
  }
  return { network, careTeamId: team.id, speakers, conversations };
}

/** @throws Error when a minute passes without another invite */
async function acceptNext(person: MatrixUser, count: number): Promise<void> {
  for (let joined = 0; joined < count; joined += 1) {
    const next = await person.waitFor('another invite', () => [...person.invites.keys()][0]);
    await person.accept(next);
  }
}
