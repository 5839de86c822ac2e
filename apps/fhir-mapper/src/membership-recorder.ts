import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { MessageOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import type { CareTeam } from '@medplum/fhirtypes';
import { CareTeamSync } from './care-team-sync';

/** Comings and goings that no change of a CareTeam announces, or that come from Matrix. */
@Injectable()
export class MembershipRecorder {
  constructor(
    private readonly fhir: FhirClient,
    private readonly careTeams: CareTeamSync,
  ) {}

  async change(message: MessageOf<'membership.changed'>): Promise<void> {
    // PLACEHOLDER: its owner replaces this.
    void message;
  }

  /** Reads the team and its people again. */
  async due({ careTeam }: MessageOf<'fhir.due'>): Promise<void> {
    const current = await this.fhir.read<CareTeam>(careTeam);
    if (current) await this.careTeams.apply(current, randomUUID());
  }
}
