import { CareTeamRole, FhirRef, UserId, strongerRole } from '@bridge/contracts';

/** A member of a care team, as far as it matters who speaks. */
export interface AccountHolder {
  readonly fhirRef: FhirRef;
  readonly accountUserId: UserId | null;
  readonly role: CareTeamRole;
}

/**
 * Which member of a care team it is that speaks in Matrix: the one with this account. One human can be several
 * RelatedPersons; the one with the strongest role counts.
 * @returns undefined for somebody the record does not know there
 */
export function memberWithAccount<M extends AccountHolder>(
  members: readonly M[],
  account: UserId,
): M | undefined {
  return members
    .filter(({ accountUserId }) => accountUserId === account)
    .reduce<M | undefined>(
      (best, each) => (best && strongerRole(best.role, each.role) === best.role ? best : each),
      undefined,
    );
}

/** Closing a conversation for everybody is for professionals, the lead among them. */
export function mayArchive(role: CareTeamRole): boolean {
  return role === 'lead' || role === 'professional';
}
