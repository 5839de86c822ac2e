import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { type PersonResource, isClinical, personTypes, refOf } from '@bridge/mapping';
import { QueueContext } from '@bridge/queue';
import { CareTeamSync } from './care-team-sync';
import { ClinicalSync } from './clinical-sync';
import { CommunicationSync } from './communication-sync';
import { ConversationSync } from './conversation-sync';
import { DeletionSync } from './deletion-sync';
import { PersonSync } from './person-sync';
import { InvalidResources } from './invalid-resources';
import type { Pulled } from './pulled-types';
import { ReadingSync } from './reading-sync';
import { ResourceCheck } from './resource-check';

/** One version of a resource → what Matrix should have. */
@Controller()
export class ChangedController {
  constructor(
    private readonly fhir: FhirClient,
    private readonly careTeams: CareTeamSync,
    private readonly conversations: ConversationSync,
    private readonly communications: CommunicationSync,
    private readonly persons: PersonSync,
    private readonly reading: ReadingSync,
    private readonly clinical: ClinicalSync,
    private readonly deletions: DeletionSync,
    private readonly check: ResourceCheck,
    private readonly invalid: InvalidResources,
  ) {}

  @EventPattern('fhir.changed')
  async changed(@Payload() message: MessageOf<'fhir.changed'>, @Ctx() context: QueueContext): Promise<void> {
    if (message.deleted) return this.deletions.apply(message);
    const resource = (message.resource as Pulled | undefined) ?? (await this.fhir.read<Pulled>(message.ref));
    // Its deletion comes by itself where the server tells of it; of this version there is nothing to show any more.
    if (!resource) return this.deletions.apply(message);
    const outcome = this.check.outcomeOf(resource);
    if (!outcome) return this.apply(resource, context);
    if (await this.matters(resource)) await this.invalid.refuse(resource, outcome, message, context);
  }

  /** A record holds many more people than conversations do: whatever is wrong with the others is not the bridge's. */
  private async matters(resource: Pulled): Promise<boolean> {
    return !isPerson(resource) || this.persons.isKnown(resource);
  }

  private async apply(resource: Pulled, context: QueueContext): Promise<void> {
    if (isClinical(resource)) {
      await this.clinical.apply(resource);
      if (resource.resourceType !== 'Task') return;
    }
    switch (resource.resourceType) {
      case 'CareTeam':
        return this.careTeams.apply(resource);
      case 'CommunicationRequest':
        return this.conversations.apply(resource);
      case 'Communication':
        return this.communications.apply(resource);
      case 'Practitioner':
      case 'RelatedPerson':
      case 'Patient':
        await this.deletions.personIsThere(resource);
        return this.persons.apply(resource);
      case 'PractitionerRole':
        return this.persons.applyRole(resource);
      case 'Endpoint':
        return this.persons.applyEndpoint(refOf(resource), resource.meta?.versionId ?? '');
      case 'Task':
      case 'AuditEvent':
        return this.reading.apply(resource, context.key);
    }
  }
}

function isPerson(resource: Pulled): resource is PersonResource {
  return personTypes.some((type) => type === resource.resourceType);
}
