import { Injectable } from '@nestjs/common';
import { EventId, FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { CommunicationReading, NoMessage, eventIdOf, readCommunication } from '@bridge/mapping';
import { MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { Communication } from '@medplum/fhirtypes';
import { CareTeamSync } from './care-team-sync';
import { ConversationSync } from './conversation-sync';
import { PersonResolver } from './person-resolver';

/** Communication → messages in its Room. */
@Injectable()
export class CommunicationSync {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly careTeams: CareTeamSync,
    private readonly conversations: ConversationSync,
    private readonly persons: PersonResolver,
    private readonly links: MessageLinkStore,
    private readonly publisher: QueuePublisher,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_communications_total',
      'Versions of Communications read from the FHIR server, by what became of them',
      ['outcome'],
    );
  }

  async apply(communication: Communication): Promise<void> {
    this.outcomes.inc({ outcome: await this.send(communication) });
  }

  private async send(communication: Communication): Promise<'sent' | NoMessage | 'no-conversation'> {
    const reading = readCommunication(communication);
    if (typeof reading === 'string') return reading;
    const ref = await this.conversationOf(reading);
    // A record system holds Communications that have nothing to do with any care team: not ours to send.
    const conversation = ref && (await this.conversations.ensure(ref))?.conversation;
    if (!conversation) return 'no-conversation';
    const author = await this.persons.known(reading.author);
    if (!author) return 'no-author';
    const reply = reading.inReplyTo ? await this.replyTo(reading.inReplyTo) : {};
    const { source, version, sent } = reading;
    for (const { part, content, file } of reading.messages) {
      const message = {
        conversation,
        source,
        version,
        part,
        author,
        content,
        file,
        sent,
        ...(part === 0 ? reply : {}),
      };
      const id = `${source}/_history/${version}#${part}`;
      await this.publisher.publish('command.send-message', conversation, message, { id });
    }
    return 'sent';
  }

  private async conversationOf({
    request,
    careTeam,
    subject,
  }: CommunicationReading): Promise<FhirRef | null> {
    if (request) return request;
    if (careTeam) return this.careTeams.ensure(careTeam);
    return subject ? this.careTeams.ofSubject(subject) : null;
  }

  /**
   * The event of a message that came from Matrix is on its Communication, even before the bridge noted the link.
   * The event of one that went to Matrix is known to room-manager, which has sent it before this one.
   */
  private async replyTo(inReplyTo: FhirRef): Promise<{ inReplyTo: FhirRef; inReplyToEvent?: EventId }> {
    const linked = await this.links.eventOf(inReplyTo);
    if (linked) return { inReplyTo, inReplyToEvent: linked };
    const target = await this.fhir.read<Communication>(inReplyTo);
    return {
      inReplyTo,
      inReplyToEvent: target?.resourceType === 'Communication' ? eventIdOf(target) : undefined,
    };
  }
}
