import type { Subscription } from '@medplum/fhirtypes';
import { communicationRequest } from '../../local/src/example-data';
import type { Federation, Organisation } from '../../local/src/federation';
import { FhirApi } from '../../local/src/fhir-api';
import { meet } from '../../local/src/matrix-user';
import { registerUser } from '../../local/src/register-user';
import { type CareNetwork, setUpPeople } from '../../local/src/scenario/network';
import {
  type Stage,
  type Thread,
  changeTeam,
  createCareTeam,
  sayInMatrix,
  writeInFhir,
} from '../../local/src/scenario/play';
import { patientDataInState } from '../../local/src/scenario/privacy';
import { Timeline } from '../../local/src/scenario/timeline';
import { type Comparison, compareSides } from '../../local/src/scenario/verify';
import { until } from '../../local/src/until';

const COMES_WITHIN_MS = 30_000;

/** A homeserver as people and as its administrators reach it. */
export interface HomeserverAccess {
  /** Through the proxy, by name and TLS. */
  readonly publicUrl: string;
  /** From inside, where the API is that makes accounts. */
  readonly innerUrl: string;
  readonly registrationSecret: string;
}

/** What is said in the course of the scenario, in order. */
export class Conversation {
  readonly #inMatrix: string[] = [];
  readonly #inFhir: string[] = [];

  private constructor(private readonly thread: Thread) {}

  get people(): CareNetwork {
    return this.thread.network;
  }

  /** People with accounts on three homeservers, a care team in FHIR, their Space and a Room in it. */
  static async open(
    fhirBaseUrl: string,
    homeservers: Readonly<Record<Organisation, HomeserverAccess>>,
  ): Promise<Conversation> {
    const accounts = Object.entries(homeservers).map(([name, access]) => {
      const { publicUrl: clientUrl, innerUrl, registrationSecret: sharedSecret } = access;
      const register = (localpart: string, password: string, displayName?: string) =>
        registerUser({ clientUrl: innerUrl, sharedSecret, localpart, password, displayName });
      return [name, { clientUrl, registerUser: register }];
    });
    const fhir = new FhirApi(fhirBaseUrl);
    await subscribed(fhir);
    const network = await setUpPeople(fhir, Object.fromEntries(accounts) as Federation['homeservers']);
    try {
      return new Conversation(await openThread(await createCareTeam(network, new Timeline())));
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  /** Somebody says something in Matrix, and it is in the record. */
  async say(who: 'gp' | 'nurse' | 'pharmacist', text: string): Promise<void> {
    this.#inMatrix.push(text);
    await sayInMatrix(this.thread, this.people[who], text);
  }

  /** Says it, and leaves the record to whoever is away. */
  async sayOnly(who: 'gp' | 'nurse', text: string): Promise<void> {
    this.#inMatrix.push(text);
    await this.people[who].matrix.say(this.thread.roomId, text);
  }

  /** The informal carer writes in FHIR, and all three homeservers show it. */
  async write(text: string): Promise<void> {
    this.#inFhir.push(text);
    await writeInFhir(this.thread, text);
  }

  /** The same, of which nothing is waited for. */
  async writeOnly(text: string): Promise<() => Promise<unknown>> {
    this.#inFhir.push(text);
    const { network } = this.thread;
    await writeInFhir(this.thread, text, undefined, []);
    return () => network.gp.matrix.waitForMessage(this.thread.roomId, text);
  }

  /** The pharmacist leaves the care team, and a physiotherapist comes. */
  async changeTeam(): Promise<void> {
    await changeTeam(this.thread);
  }

  /** What was lost, is there twice or out of order, as soon as all that was said has come through. */
  async compare(): Promise<Comparison> {
    const { network, roomId, request } = this.thread;
    const said = { inMatrix: this.#inMatrix, inFhir: this.#inFhir };
    const look = () => compareSides(network.fhir, network.nurse.matrix, roomId, request.id, said);
    await until(
      'the last of what was said',
      async () => (await look()).lost.length === 0,
      COMES_WITHIN_MS,
    ).catch(
      () => undefined, // then it is told below
    );
    return look();
  }

  /** Patient data where others could see it. */
  async leaked(): Promise<string[]> {
    return patientDataInState(this.thread);
  }

  /** The Subscriptions of the record system that are not in order. */
  async failedSubscriptions(): Promise<string[]> {
    const all = await this.people.fhir.search<Subscription>('Subscription', {});
    return all
      .filter(({ status }) => status !== 'active')
      .map(({ criteria, status, error }) => `${criteria} is ${status}: ${error}`);
  }
}

/** Has a homeserver call its Application Service. @returns its answer: how long that took, or why it could not */
export async function pingOf(homeserverUrl: string, asToken: string): Promise<unknown> {
  const response = await fetch(`${homeserverUrl}/_matrix/client/v1/appservice/fhir-matrix-bridge/ping`, {
    method: 'POST',
    headers: { authorization: `Bearer ${asToken}` },
    body: '{}',
  });
  return response.json();
}

/** Waits for the Subscriptions, which the bridge makes itself. */
export async function subscribed(fhir: FhirApi): Promise<void> {
  await until('the Subscriptions of the bridge', async () => {
    const all = await fhir.search<Subscription>('Subscription', {});
    return ['CareTeam', 'CommunicationRequest', 'Communication'].every((type) =>
      all.some(({ criteria, status }) => criteria?.startsWith(type) && status === 'active'),
    );
  });
}

/**
 * The informal carer starts a thread; everybody joins its Room. What it begins with was said before they joined, and
 * Rooms show what was said since (MATRIX_ROOM_HISTORY_VISIBILITY): so nobody waits for it.
 */
async function openThread(stage: Stage): Promise<Thread> {
  const { network, team, spaceId } = stage;
  const { fhir, carer, patient, gp, pharmacist, nurse } = network;
  const request = await fhir.create(
    communicationRequest(patient.id, team.id, `RelatedPerson/${carer.id}`, 'May she have her coffee again?'),
  );
  let roomId = '';
  for (const { matrix } of [nurse, gp, pharmacist]) {
    const invite = await matrix.waitFor('an invite to the Room', () =>
      [...matrix.invites.values()].find((each) => each.roomId !== spaceId),
    );
    roomId = invite.roomId;
    await matrix.accept(roomId);
  }
  await meet(roomId, [nurse.matrix, gp.matrix, pharmacist.matrix]);
  return { ...stage, request, roomId };
}
