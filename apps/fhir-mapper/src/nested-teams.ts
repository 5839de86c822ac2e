import { Injectable } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { type CareTeamReading, earlier, readCareTeam } from '@bridge/mapping';
import { NestedCareTeamStore } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { CareTeam } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';

/** Care teams within care teams. */
@Injectable()
export class NestedTeams {
  constructor(
    private readonly fhir: FhirClient,
    private readonly nesting: NestedCareTeamStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
  ) {}

  /**
   * The team with the members of the teams in it, each with the role that they have there. A team counts once, so that
   * teams that contain each other come to an end; one that is closed, or not on the server, brings nobody.
   * @returns the whole team's next change as well: that of any period in it
   */
  async expand(reading: CareTeamReading, now: Date): Promise<CareTeamReading> {
    const nested = new Set<FhirRef>();
    const members: CareTeamReading['members'][number][] = [];
    let { nextChangeAt } = reading;
    const take = async (team: Pick<CareTeamReading, 'members'>): Promise<void> => {
      for (const each of team.members) {
        const { member } = each;
        if (typeOf(member) !== 'CareTeam') members.push(each);
        else if (member !== reading.careTeam && !nested.has(member)) {
          nested.add(member);
          const inner = await this.read(reading.careTeam, member, now);
          if (!inner) continue;
          nextChangeAt = earlier(nextChangeAt, inner.nextChangeAt);
          await take(inner);
        }
      }
    };
    await take(reading);
    await this.nesting.keepOnly(reading.careTeam, [...nested]);
    return { ...reading, members, nextChangeAt };
  }

  /**
   * Has the teams applied again that have this one in them. They are all named at once, however deep it lies, so that
   * none of them has to pass it on: teams that contain each other would do so for ever.
   * @param version names what has changed
   */
  async reapplyAround(nested: FhirRef, version: string): Promise<void> {
    for (const careTeam of await this.nesting.around(nested))
      await this.publisher.publish('fhir.due', careTeam, { careTeam }, { id: `${careTeam} ${version}` });
  }

  private async read(outer: FhirRef, ref: FhirRef, now: Date): Promise<CareTeamReading | undefined> {
    await this.nesting.note(outer, ref);
    const careTeam = await this.fhir.read<CareTeam>(ref);
    return careTeam && readCareTeam(careTeam, now, this.config.leadRoles);
  }
}
