import { Injectable } from '@nestjs/common';
import { FhirRef, PermanentError, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import {
  CommunicationRequestReading,
  adoptedRoomOf,
  readCommunicationRequest,
  textsIn,
  versionIdOf,
} from '@bridge/mapping';
import { Conversation, ConversationFacts, ConversationStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { CommunicationRequest } from '@medplum/fhirtypes';
import { CareTeamSync } from './care-team-sync';
import { MapperConfig } from './mapper-config';
import { PersonResolver } from './person-resolver';

/** What became of a version of a CommunicationRequest: `over` and `nobody-takes-part` have no Room, and get none. */
type Outcome = 'applied' | 'older' | 'over' | 'nobody-takes-part';

/** CommunicationRequest → what its Room should be, and the first messages in it. */
@Injectable()
export class ConversationSync {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly careTeams: CareTeamSync,
    private readonly persons: PersonResolver,
    private readonly conversations: ConversationStore,
    private readonly publisher: QueuePublisher,
    private readonly config: MapperConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_communication_requests_total',
      'Versions of CommunicationRequests read from the FHIR server, by what became of them',
      ['outcome'],
    );
  }

  async apply(request: CommunicationRequest): Promise<void> {
    this.outcomes.inc({ outcome: await this.bring(request) });
  }

  private async bring(request: CommunicationRequest): Promise<Outcome> {
    const reading = readCommunicationRequest(request, this.config.nameFromTopic, this.config.language);
    const careTeam = await this.careTeamOf(reading);
    const parties = await this.resolved(reading.parties);
    const isKnown = (await this.conversations.find(reading.conversation)) !== undefined;
    // A record system holds more than conversations of care networks.
    if (parties.length === 0) return 'nobody-takes-part';
    if (!reading.open && !isKnown) return 'over';
    const { conversation, subject, encounter, open, name, versionAt } = reading;
    const facts = { conversation, careTeam, subject, encounter, parties, open, name, versionAt };
    const room = adoptedRoomOf(request);
    const isCurrent = await (room ? this.conversations.adopt(facts, room) : this.conversations.apply(facts));
    if (!isCurrent) return 'older';
    await this.reconcile(conversation, versionIdOf(request));
    await this.sendFirstMessages(reading, versionIdOf(request), isKnown);
    return 'applied';
  }

  /**
   * The conversation of a message, made first when the bridge does not know it yet.
   * @returns undefined when it is none of the bridge's
   * @throws PermanentError when its CommunicationRequest is not on the server
   */
  async ensure(conversation: FhirRef): Promise<Conversation | undefined> {
    const known = await this.conversations.find(conversation);
    if (known) return known;
    if (typeOf(conversation) === 'CareTeam') await this.openGeneralRoom(conversation);
    else await this.readAndApply(conversation);
    return this.conversations.find(conversation);
  }

  /** The care team's own room, for messages that belong to no CommunicationRequest. */
  private async openGeneralRoom(careTeam: FhirRef): Promise<void> {
    const general: ConversationFacts = {
      conversation: careTeam,
      careTeam,
      subject: await this.careTeams.subjectOf(careTeam),
      encounter: null,
      parties: [careTeam],
      open: true,
      name: textsIn(this.config.language).names.general,
      versionAt: new Date(0),
    };
    await this.conversations.apply(general);
    await this.reconcile(careTeam, 'general');
  }

  private async readAndApply(conversation: FhirRef): Promise<void> {
    const request = await this.fhir.read<CommunicationRequest>(conversation);
    if (!request) {
      throw new PermanentError('conversation-missing', `${conversation} is not on the FHIR server`, {
        advice: 'A Communication names it as its conversation: restore it, then replay the dead letter.',
      });
    }
    await this.apply(request);
  }

  /**
   * In whose Space it is: that of the first care team it names that has one, else of the team around whom it is about.
   * The members of every team that it names take part, so all of them have to be known.
   */
  private async careTeamOf({ careTeams, subject }: CommunicationRequestReading): Promise<FhirRef | null> {
    const known: FhirRef[] = [];
    for (const careTeam of careTeams) {
      const ref = await this.careTeams.ensure(careTeam);
      if (ref) known.push(ref);
    }
    for (const ref of known) if (await this.careTeams.hasOwnSpace(ref)) return ref;
    return (subject && (await this.careTeams.ofSubject(subject))) ?? known[0] ?? null;
  }

  /** Persons under their own reference; care teams as they are; what is neither has no place in a Room. */
  private async resolved(parties: readonly FhirRef[]): Promise<FhirRef[]> {
    const found = await Promise.all(
      parties.map(async (party) => (typeOf(party) === 'CareTeam' ? party : this.persons.resolve(party))),
    );
    return [...new Set(found.filter((party) => party !== undefined))];
  }

  private async reconcile(conversation: FhirRef, version: string): Promise<void> {
    const id = `${conversation}/_history/${version}`;
    await this.publisher.publish('command.reconcile-room', conversation, { conversation }, { id });
  }

  /** Whether a version changes what was said is room-manager's to know; a request that is new to us has said nothing. */
  private async sendFirstMessages(
    reading: CommunicationRequestReading,
    version: string,
    isKnown: boolean,
  ): Promise<void> {
    if (!this.config.requestPayload) return;
    const { conversation, messages, sent } = reading;
    const versionAt = reading.versionAt.toISOString();
    const id = `${conversation}/_history/${version}`;
    const author = reading.author && (await this.persons.known(reading.author));
    if (reading.takenBack || messages.length === 0) {
      if (!isKnown) return;
      const takenBack = { conversation, source: conversation, version, versionAt, author };
      await this.publisher.publish('command.redact-message', conversation, takenBack, { id });
      return;
    }
    if (!author) return;
    const parts = messages.map(({ part }) => part);
    for (const { part, content, file } of messages) {
      const message = {
        ...{ conversation, source: conversation, version, versionAt, part, author, content, file, sent },
        ...(part === 0 ? { parts } : {}),
      };
      await this.publisher.publish('command.send-message', conversation, message, { id: `${id}#${part}` });
    }
  }
}
