import { Injectable, Logger } from '@nestjs/common';
import { type FhirRef, type MessageOf, parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient, FhirConflict } from '@bridge/fhir';
import { withMember, withoutMember } from '@bridge/mapping';
import type { CareTeam, RelatedPerson } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { CareTeamSync } from './care-team-sync';
import { PersonResolver } from './person-resolver';

/** How often another writer may come first before the queue is asked to wait. */
const tries = 5;

/** Who comes and goes in Matrix → CareTeam, and care teams whose time has come. */
@Injectable()
export class MembershipRecorder {
  private readonly logger = new Logger(MembershipRecorder.name);

  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly persons: PersonResolver,
    private readonly careTeams: CareTeamSync,
  ) {}

  /**
   * Writes into the record who has come or gone. What is there already is not written again, so that neither a
   * repetition nor our own change that comes back does anything.
   * @throws FhirConflict when others keep changing the care team: the queue tries again
   */
  async change(message: MessageOf<'membership.changed'>): Promise<void> {
    const { careTeam, userId, present, changedAt } = message;
    const occasion = `${userId} ${present ? 'joined' : 'left'} ${changedAt}`;
    await this.audited.changing(careTeam, { by: userId, occasion }, () => this.write(message));
  }

  /** @returns whether anything was to be written */
  private async write(message: MessageOf<'membership.changed'>): Promise<boolean> {
    for (let left = tries; ; left -= 1) {
      const careTeam = await this.fhir.read<CareTeam>(message.careTeam);
      const after = careTeam && (await this.changed(careTeam, message));
      if (!after) return false;
      try {
        // eslint-disable-next-line no-restricted-syntax -- within AuditedRecord.changing
        await this.fhir.update(after);
        return true;
      } catch (error) {
        if (!(error instanceof FhirConflict) || left === 1) throw error;
      }
    }
  }

  /** A period has begun or ended, or a person has changed. */
  async due({ careTeam }: MessageOf<'fhir.due'>): Promise<void> {
    await this.careTeams.reapply(careTeam);
  }

  private async changed(
    careTeam: CareTeam,
    { userId, present, changedAt }: MessageOf<'membership.changed'>,
  ): Promise<CareTeam | undefined> {
    const persons = await this.persons.withUserId(userId);
    const leadTo = await this.personsBehind(careTeam);
    const at = new Date(changedAt);
    if (!present) return withoutMember(careTeam, (ref) => persons.includes(leadTo.get(ref) ?? ref), at);
    const person = await this.whoJoins(persons, careTeam, new Set(leadTo.values()));
    if (!person) {
      this.logger.log('Somebody who joined a Space is nobody who can take part in its care team');
      return undefined;
    }
    return withMember(careTeam, person, (ref) => (leadTo.get(ref) ?? ref) === person, at);
  }

  /** Each participant, and the person that they are. */
  private async personsBehind({ participant = [] }: CareTeam): Promise<Map<FhirRef, FhirRef>> {
    const refs = participant
      .map(({ member }) => parseFhirRef(member?.reference))
      .filter((ref) => ref !== undefined);
    const pairs = refs.map(async (ref) => [ref, (await this.persons.practitionerOf(ref)) ?? ref] as const);
    return new Map(await Promise.all(pairs));
  }

  /**
   * One human can be several people in the record: the one who was in this team, a professional, or the one who is
   * related to this patient.
   */
  private async whoJoins(
    persons: readonly FhirRef[],
    careTeam: CareTeam,
    ofTeam: ReadonlySet<FhirRef>,
  ): Promise<FhirRef | undefined> {
    const before = persons.find((person) => ofTeam.has(person));
    const professional = persons.find((person) => typeOf(person) === 'Practitioner');
    if (before ?? professional) return before ?? professional;
    const subject = parseFhirRef(careTeam.subject?.reference);
    for (const person of persons) {
      if (person === subject) return person;
      if (typeOf(person) !== 'RelatedPerson' || !subject) continue;
      const related = await this.fhir.read<RelatedPerson>(person);
      if (parseFhirRef(related?.patient.reference) === subject) return person;
    }
    return undefined;
  }
}
