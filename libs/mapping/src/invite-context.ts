import type { Patient } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';

/** Name of the field in the invite (Dutch specification). */
export const inviteContextField = 'nl-ta-chat.invite.context';

/** What the invite to another homeserver tells about the patient: a pseudonym, nothing else. */
export interface InviteContext {
  /** An integer: Matrix events allow no other number. */
  readonly version: 1;
  readonly 'room.subject': {
    readonly resourceType: 'Patient';
    readonly identifier: readonly { system: string; value: string }[];
  };
}

/** Gives the pseudonym under which a patient is named to other organisations. */
export interface PseudonymService {
  /** @returns the pseudonym, or undefined when there is none: then the invite says nothing about the patient */
  pseudonymOf(patient: Patient): string | undefined;
}

/** Takes the pseudo-bsn that is on the Patient already. */
export const pseudonymOnPatient: PseudonymService = {
  pseudonymOf: (patient) => patient.identifier?.find(({ system }) => system === systems.pseudoBsn)?.value,
};

export function inviteContext(pseudonym: string): InviteContext {
  return {
    version: 1,
    'room.subject': {
      resourceType: 'Patient',
      identifier: [{ system: systems.pseudoBsn, value: pseudonym }],
    },
  };
}
