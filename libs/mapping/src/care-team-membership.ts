import { FhirRef, parseFhirRef } from '@bridge/contracts';
import type { CareTeam, CareTeamParticipant, Practitioner } from '@medplum/fhirtypes';
import { contains } from './period';
import { referenceTo } from './reference-to';

/** Whether a participant's reference leads to the person in question: themselves, or a PractitionerRole of theirs. */
export type IsPerson = (member: FhirRef) => boolean;

/**
 * The care team after somebody has left it in Matrix: their period ends, their entry stays.
 * @returns undefined when there is nothing to change: they are no participant, or their period has ended already
 */
export function withoutMember(careTeam: CareTeam, isPerson: IsPerson, at: Date): CareTeam | undefined {
  const end = at.toISOString();
  const leaves = (entry: CareTeamParticipant) =>
    isEntryOf(entry, isPerson) && contains(entry.period, at) && entry.period?.end !== end;
  if (!careTeam.participant?.some(leaves)) return undefined;
  return {
    ...careTeam,
    participant: careTeam.participant.map((entry) =>
      leaves(entry) ? { ...entry, period: { ...entry.period, end } } : entry,
    ),
  };
}

/**
 * The care team after somebody has joined it in Matrix. Who comes back has the role they had.
 * @returns undefined when there is nothing to change: they take part, or this joining was written before
 */
export function withMember(
  careTeam: CareTeam,
  person: FhirRef,
  isPerson: IsPerson,
  at: Date,
): CareTeam | undefined {
  const start = at.toISOString();
  const theirs = (careTeam.participant ?? []).filter((entry) => isEntryOf(entry, isPerson));
  if (theirs.some(({ period }) => contains(period, at) || period?.start === start)) return undefined;
  const entry: CareTeamParticipant = {
    ...(theirs.at(-1) ?? { member: referenceTo<Practitioner>(person) }),
    id: undefined,
    period: { start },
  };
  return { ...careTeam, participant: [...(careTeam.participant ?? []), entry] };
}

function isEntryOf({ member }: CareTeamParticipant, isPerson: IsPerson): boolean {
  const ref = parseFhirRef(member?.reference);
  return ref !== undefined && isPerson(ref);
}
