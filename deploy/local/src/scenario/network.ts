import type { CareTeam, Patient, Practitioner, RelatedPerson } from '@medplum/fhirtypes';
import {
  subscription,
  careTeam,
  informalCarer,
  participant,
  patient,
  practitioner,
  roles,
} from '../example-data';
import type { Federation, Organisation } from '../federation';
import { FhirApi } from '../fhir-api';
import { MatrixUser } from '../matrix-user';
import type { Stack } from '../stack';

/** The people of the scenario: in the record, and those with an account also in Matrix. */
export interface CareNetwork {
  readonly fhir: FhirApi;
  readonly patient: Patient & { id: string };
  readonly carer: RelatedPerson & { id: string };
  readonly gp: Professional;
  readonly pharmacist: Professional;
  readonly nurse: Professional;
  /** Not in the team at first. */
  readonly physiotherapist: Professional;
  stop(): Promise<void>;
}

export interface Professional {
  readonly name: string;
  /** Whose homeserver their account is on. */
  readonly organisation: Organisation;
  readonly resource: Practitioner & { id: string };
  readonly matrix: MatrixUser;
}

/** Puts the patient and the people around them into the record, makes the accounts, and subscribes the bridge. */
export async function setUpNetwork(stack: Stack): Promise<CareNetwork> {
  const network = await setUpPeople(new FhirApi(stack.fhir.baseUrl), stack.federation.homeservers);
  await subscribe(network.fhir, stack);
  return network;
}

/** Has the FHIR server notify the bridge of what it brings into Matrix. */
export async function subscribe(fhir: FhirApi, { notifyUrl, environment }: Stack): Promise<void> {
  for (const type of ['CareTeam', 'CommunicationRequest', 'Communication']) {
    await fhir.create(subscription(`${type}?`, `${notifyUrl}/${type}`, environment.notificationSecret));
  }
}

/** The people alone: for a bridge that looks after its Subscriptions itself. */
export async function setUpPeople(
  fhir: FhirApi,
  homeservers: Federation['homeservers'],
): Promise<CareNetwork> {
  const professional = async (
    name: string,
    organisation: keyof typeof homeservers,
    localpart: string,
  ): Promise<Professional> => {
    const { clientUrl, registerUser } = homeservers[organisation];
    const matrix = new MatrixUser(clientUrl, await registerUser(localpart, 'try-me-locally', name));
    await matrix.start();
    return { name, organisation, matrix, resource: await fhir.create(practitioner(name, matrix.userId)) };
  };
  const [gp, pharmacist, nurse, physiotherapist] = await Promise.all([
    professional('Dr. Yasmina Alami', 'huisarts', 'y.alami'),
    professional('Pieter Bos', 'apotheek', 'p.bos'),
    professional('Sanne Visser', 'vvt', 's.visser'),
    professional('Tim Hofstra', 'vvt', 't.hofstra'),
  ]);
  const thePatient = await fhir.create(patient);
  const carer = await fhir.create(informalCarer(thePatient.id));
  return {
    fhir,
    patient: thePatient,
    carer,
    gp,
    pharmacist,
    nurse,
    physiotherapist,
    stop: async () => {
      await Promise.all([gp, pharmacist, nurse, physiotherapist].map(({ matrix }) => matrix.stop()));
    },
  };
}

/** The care team of the scenario: the carer, the GP, the pharmacist, and the nurse who leads it. */
export function teamOf({ patient: { id }, carer, gp, pharmacist, nurse }: CareNetwork): CareTeam {
  return careTeam(id, [
    participant(`RelatedPerson/${carer.id}`, roles.informalCarer),
    participant(`Practitioner/${gp.resource.id}`, roles.generalPractitioner),
    participant(`Practitioner/${pharmacist.resource.id}`, roles.pharmacist),
    participant(`Practitioner/${nurse.resource.id}`, roles.careCoordinator),
  ]);
}
