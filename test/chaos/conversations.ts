import { communicationRequest } from '../../deploy/local/src/example-data';
import { FhirApi } from '../../deploy/local/src/fhir-api';
import type { MatrixUser } from '../../deploy/local/src/matrix-user';
import {
  type CareNetwork,
  type Professional,
  setUpPeople,
  teamOf,
} from '../../deploy/local/src/scenario/network';
import { until } from '../../deploy/local/src/until';
import type { ChaosStack } from './chaos-stack';

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
export async function openConversations(stack: ChaosStack, rooms: number): Promise<Talks> {
  const network = await setUpPeople(new FhirApi(stack.fhirUrl), stack.federation.homeservers);
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
  const joined = await Promise.all(speakers.map(({ matrix }) => acceptAll(matrix, rooms + 1)));
  const conversations = await roomsOf(requests, nurse.matrix, joined[0]!);
  return { network, careTeamId: team.id, speakers, conversations };
}

/** @throws Error when a minute passes without another invite */
async function acceptAll(person: MatrixUser, count: number): Promise<string[]> {
  const joined: string[] = [];
  while (joined.length < count) {
    const next = await person.waitFor('another invite', () => [...person.invites.keys()][0]);
    await person.accept(next);
    joined.push(next);
  }
  return joined;
}

/** Which Room is whose: by its first message, which the record gave to the conversation. */
async function roomsOf(
  requests: ReadonlyMap<string, string>,
  reader: MatrixUser,
  roomIds: readonly string[],
): Promise<Conversation[]> {
  const found = new Map<string, Conversation>();
  await until('the first message of every Room', async () => {
    for (const roomId of roomIds.filter((each) => !found.has(each))) {
      const bodies = (await reader.history(roomId)).map(({ content }) => content.body);
      const requestId = bodies.flatMap((body) => requests.get(String(body)) ?? [])[0];
      if (requestId) found.set(roomId, { number: found.size + 1, requestId, roomId });
    }
    return found.size === requests.size;
  });
  return [...found.values()];
}
