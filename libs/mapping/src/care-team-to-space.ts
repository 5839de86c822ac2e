import { CareTeamRole, FhirRef, parseFhirRef, roleOfType, typeOf } from '@bridge/contracts';
import type { CareTeam, CareTeamParticipant } from '@medplum/fhirtypes';
import { contains, nextChange } from './period';
import type { GivenRole } from './person-to-participant';
import { refOf, versionAtOf } from './resource-facts';

export interface CareTeamReading {
  readonly careTeam: FhirRef;
  readonly subject: FhirRef | null;
  /** Status active, or none at all, as many real servers have it. */
  readonly open: boolean;
  /** False: a team of an organisation, about no patient. It takes part in conversations and has no Space. */
  readonly ownSpace: boolean;
  readonly versionAt: Date;
  /**
   * Participants now; empty when the team is not open. As referenced: a PractitionerRole is not yet a person, and a
   * CareTeam stands for its own members.
   */
  readonly members: readonly CareTeamReadingMember[];
  /** When a participant's period begins or ends next: the team has other members then. */
  readonly nextChangeAt: Date | null;
}

export interface CareTeamReadingMember {
  readonly member: FhirRef;
  readonly role: CareTeamRole;
  readonly given: GivenRole;
}

/**
 * What a CareTeam says about its Space.
 * @param leadRoles `system|code` of the participant roles that lead a team
 */
export function readCareTeam(careTeam: CareTeam, now: Date, leadRoles: ReadonlySet<string>): CareTeamReading {
  const open = careTeam.status === undefined || careTeam.status === 'active';
  const participants = (careTeam.participant ?? []).filter(({ period }) => contains(period, now));
  const members = open ? participants.flatMap((participant) => memberOf(participant, leadRoles)) : [];
  const subject = subjectOf(careTeam);
  return {
    careTeam: refOf(careTeam),
    subject,
    open,
    // Many real teams lack a subject by neglect: without an organisation that runs it, a team has its Space all the same.
    ownSpace: subject !== null || !careTeam.managingOrganization?.length,
    versionAt: versionAtOf(careTeam),
    members,
    nextChangeAt: open
      ? nextChange(
          (careTeam.participant ?? []).map(({ period }) => period),
          now,
        )
      : null,
  };
}

/** Many real care teams have no subject, and the patient among the participants instead. */
function subjectOf(careTeam: CareTeam): FhirRef | null {
  const named = parseFhirRef(careTeam.subject?.reference);
  if (named) return named;
  const refs = (careTeam.participant ?? []).map(({ member }) => parseFhirRef(member?.reference));
  return refs.find((ref) => ref !== undefined && typeOf(ref) === 'Patient') ?? null;
}

function memberOf(participant: CareTeamParticipant, leadRoles: ReadonlySet<string>): CareTeamReadingMember[] {
  const member = parseFhirRef(participant.member?.reference);
  if (!member) return [];
  const codings = (participant.role ?? []).flatMap((role) => role.coding ?? []);
  const leads = codings.some(({ system, code }) => leadRoles.has(`${system ?? ''}|${code ?? ''}`));
  const { code, display } = codings[0] ?? {};
  // The words that belong to a code, never those that somebody wrote: those can tell who the patient is.
  const text = typeOf(member) === 'Patient' ? undefined : display;
  const given = { ...(code ? { code } : {}), ...(text ? { text } : {}) };
  return [{ member, role: leads ? 'lead' : roleOfType(typeOf(member)), given }];
}
