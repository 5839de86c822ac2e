import { Injectable } from '@nestjs/common';
import type { FhirRef, MessageOf } from '@bridge/contracts';
import {
  ClinicalLines,
  type ClinicalReading,
  type ClinicalResource,
  hasModifierExtension,
  isEnteredInError,
  isOurBookkeeping,
  patientOf,
  refOf,
  versionAtOf,
  versionIdOf,
} from '@bridge/mapping';
import { CareTeamStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { CareTeamSync } from './care-team-sync';
import { ClinicalNames } from './clinical-names';
import { ConversationSync } from './conversation-sync';

/** What became of a version: a line in Matrix, or why there is none. */
type Outcome =
  | 'told'
  /** Nobody has asked for lines of this type. */
  | 'not-wanted'
  /** The bridge's own record of something, or a Task that counts who has read. */
  | 'bookkeeping'
  | 'taken-back'
  /** About nobody, about an animal or a group, or about several patients. */
  | 'no-single-patient'
  | 'no-care-team'
  /** It has a modifier extension, which may turn the meaning of all the rest round. */
  | 'not-understood'
  | 'nothing-to-say';

/**
 * Clinical resources → lines in the care team's own room, said by the bot. A new version changes the line; what is
 * entered in error, or is about somebody else now, is taken back.
 */
@Injectable()
export class ClinicalSync {
  private readonly outcomes;

  constructor(
    private readonly lines: ClinicalLines,
    private readonly names: ClinicalNames,
    private readonly careTeams: CareTeamSync,
    private readonly careTeamStore: CareTeamStore,
    private readonly conversations: ConversationSync,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_clinical_resources_total',
      'Versions of clinical resources read from the FHIR server, by what became of them',
      ['type', 'outcome'],
    );
  }

  async apply(resource: ClinicalResource): Promise<void> {
    const outcome = await this.bring(resource);
    this.outcomes.inc({ type: resource.resourceType, outcome });
  }

  private async bring(resource: ClinicalResource): Promise<Outcome> {
    if (!this.lines.has(resource.resourceType)) return 'not-wanted';
    if (isOurBookkeeping(resource)) return 'bookkeeping';
    if (isEnteredInError(resource)) return this.takeBack(resource, 'taken-back');
    if (hasModifierExtension(resource)) return this.takeBack(resource, 'not-understood');
    const patient = patientOf(resource);
    if (!patient) return this.takeBack(resource, 'no-single-patient');
    const careTeam = await this.careTeamOf(resource, patient);
    if (!careTeam) return this.takeBack(resource, 'no-care-team');
    const { messages } = await this.read(resource, patient);
    if (messages.length === 0) return this.takeBack(resource, 'nothing-to-say');
    await this.conversations.ensure(careTeam);
    await this.tell(resource, careTeam, messages);
    return 'told';
  }

  /** A line stays where it was said, as long as the patient has that care team. */
  private async careTeamOf(resource: ClinicalResource, patient: FhirRef): Promise<FhirRef | undefined> {
    const latest = await this.careTeams.ofSubject(patient);
    if (!latest) return undefined;
    const saidIn = await this.links.conversationOf(refOf(resource));
    if (saidIn === undefined || saidIn === latest) return latest;
    return (await this.careTeamStore.ofSubject(patient)).includes(saidIn) ? saidIn : latest;
  }

  private async read(resource: ClinicalResource, patient: FhirRef): Promise<ClinicalReading> {
    const identifiers = await this.names.identifiersOf(patient);
    const reading = this.lines.read(resource, new Map(), identifiers);
    if (reading.unnamed.length === 0) return reading;
    return this.lines.read(resource, await this.names.of(reading.unnamed), identifiers);
  }

  private async tell(
    resource: ClinicalResource,
    conversation: FhirRef,
    messages: ClinicalReading['messages'],
  ): Promise<void> {
    const source = refOf(resource);
    const version = versionIdOf(resource);
    const sent = resource.meta?.lastUpdated === undefined ? undefined : versionAtOf(resource).toISOString();
    const parts = messages.map(({ part }) => part);
    for (const { part, content, file } of messages) {
      const message: MessageOf<'command.send-message'> = {
        ...{ conversation, source, version, part, content, file, sent },
        versionAt: versionAtOf(resource).toISOString(),
        ...(part === 0 ? { parts } : {}),
      };
      const id = `${source}/_history/${version}#${part}`;
      await this.publisher.publish('command.send-message', conversation, message, { id });
    }
  }

  /** Of what was never told nothing has to be taken back, unless that is on its way: it has the same room then. */
  private async takeBack(resource: ClinicalResource, why: Outcome): Promise<Outcome> {
    const source = refOf(resource);
    const conversation = (await this.links.conversationOf(source)) ?? (await this.knownTeamOf(resource));
    if (!conversation) return why;
    const version = versionIdOf(resource);
    const versionAt = versionAtOf(resource).toISOString();
    const message = { conversation, source, version, versionAt };
    const id = `${source}/_history/${version}`;
    await this.publisher.publish('command.redact-message', conversation, message, { id });
    return why;
  }

  private async knownTeamOf(resource: ClinicalResource): Promise<FhirRef | undefined> {
    const patient = patientOf(resource);
    return patient && (await this.careTeamStore.ofSubject(patient))[0];
  }
}
