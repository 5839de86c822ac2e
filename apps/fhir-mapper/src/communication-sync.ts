import { Injectable } from '@nestjs/common';
import { FhirRef, MessageOf, UserId, parseFhirRef } from '@bridge/contracts';
import {
  CommunicationReading,
  NoMessage,
  Origin,
  eventIdOf,
  originOf,
  readCommunication,
  refOf,
  versionAtOf,
  versionIdOf,
  whereTo,
} from '@bridge/mapping';
import { CareTeamStore, Conversation, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { Communication } from '@medplum/fhirtypes';
import { CareTeamSync } from './care-team-sync';
import { ConversationSync } from './conversation-sync';
import { MessageTarget } from './message-target';
import { PersonResolver } from './person-resolver';
import { UnreadTasks } from './unread-tasks';

type Outcome = 'sent' | NoMessage | 'no-conversation';
/** So many people can be mentioned in one message: each takes some of what an event may hold. */
const mostMentions = 20;

/** Communication → messages in its Room. Whether a version changes what Matrix shows is room-manager's to know. */
@Injectable()
export class CommunicationSync {
  private readonly outcomes;

  constructor(
    private readonly careTeams: CareTeamSync,
    private readonly careTeamStore: CareTeamStore,
    private readonly conversations: ConversationSync,
    private readonly conversationStore: ConversationStore,
    private readonly persons: PersonResolver,
    private readonly targets: MessageTarget,
    private readonly links: MessageLinkStore,
    private readonly unread: UnreadTasks,
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
    const origin = originOf(communication) ?? (await this.originByLink(communication));
    const reading = readCommunication(communication, origin);
    this.outcomes.inc({ outcome: await this.bring(communication, reading, origin) });
  }

  /** What was written in FHIR has its row before it is said, so before it can name its event. */
  private async originByLink(communication: Communication): Promise<Origin> {
    const links = await this.links.ofResource(refOf(communication));
    return links.some(({ direction }) => direction === 'to-matrix') ? 'fhir' : 'matrix';
  }

  private async bring(
    communication: Communication,
    reading: CommunicationReading | NoMessage,
    origin: Origin,
  ): Promise<Outcome> {
    if (typeof reading !== 'string') return this.send(reading);
    if (reading === 'taken-back' || reading === 'no-content') await this.takeBack(communication, origin);
    return reading;
  }

  private async send(reading: CommunicationReading): Promise<Outcome> {
    const ref = await this.conversationOf(reading);
    // A record system holds Communications that have nothing to do with any care team: not ours to send.
    const conversation = ref && (await this.conversations.ensure(ref));
    if (!conversation) return 'no-conversation';
    const author = await this.persons.known(reading.author);
    if (!author) return 'no-author';
    const [reply, thread, mentioned] = await Promise.all([
      this.replyTo(reading),
      this.threadOf(reading),
      this.mentioned(reading, conversation, author),
    ]);
    const { source, version, messages, sent } = reading;
    const versionAt = reading.versionAt.toISOString();
    const parts = messages.map(({ part }) => part);
    await this.unread.note(conversation, source, author);
    for (const { part, content, file } of messages) {
      const isFirst = part === 0;
      const message: MessageOf<'command.send-message'> = {
        conversation: conversation.conversation,
        source,
        version,
        versionAt,
        part,
        author,
        // Always said, be it that nobody is meant: else clients look for names in the text.
        content: {
          ...content,
          'm.mentions': isFirst && mentioned.length > 0 ? { user_ids: mentioned } : {},
        },
        file,
        sent,
        ...thread,
        ...(isFirst ? { parts, ...reply } : {}),
      };
      const id = `${source}/_history/${version}#${part}`;
      await this.publisher.publish('command.send-message', conversation.conversation, message, { id });
    }
    return 'sent';
  }

  private async replyTo({ inReplyTo }: CommunicationReading) {
    if (!inReplyTo) return {};
    const { ref, event } = await this.targets.of(inReplyTo);
    return { inReplyTo: ref, inReplyToEvent: event };
  }

  private async threadOf({ thread }: CommunicationReading) {
    if (!thread) return {};
    const { ref, event } = await this.targets.rootOf(thread);
    return { threadRoot: ref, threadRootEvent: event };
  }

  /** Those it is addressed to by themselves, under the id that they have in the Room. */
  private async mentioned(
    { addressees }: CommunicationReading,
    conversation: Conversation,
    author: FhirRef,
  ): Promise<UserId[]> {
    if (addressees.length === 0) return [];
    const named = await Promise.all(addressees.map((addressee) => this.persons.refOf(addressee)));
    const persons = named.flatMap((person) => (person && person !== author ? person : []));
    const meant = await this.conversationStore.members(conversation, { persons });
    const userIds = meant.map(({ participant }) => participant.accountUserId ?? participant.ghostUserId);
    return [...new Set(userIds)].slice(0, mostMentions);
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

  /** What was written in FHIR is taken back by its author; what was said in Matrix by the bot, when the record disowns it. */
  private async takeBack(communication: Communication, origin: Origin): Promise<void> {
    const source = refOf(communication);
    const version = versionIdOf(communication);
    const [link] = await this.links.ofResource(source);
    const conversation = link?.conversation ?? (await this.knownConversationOf(communication));
    if (!conversation) return;
    const event = eventIdOf(communication);
    if (origin === 'matrix') {
      // What Matrix has taken back itself is back already.
      if (link?.redacted) return;
      if (!link && event)
        await this.links.recorded({ fhirRef: source, part: 0, version, conversation }, event);
    }
    const { author } = origin === 'matrix' ? {} : await this.authorOf(communication);
    const message = {
      conversation,
      source,
      version,
      versionAt: versionAtOf(communication).toISOString(),
      author,
    };
    const id = `${source}/_history/${version}`;
    await this.publisher.publish('command.redact-message', conversation, message, { id });
  }

  /** Without making anything: for a message that is not to be shown no Room is opened. */
  private async knownConversationOf(communication: Communication): Promise<FhirRef | undefined> {
    const { request, careTeam, subject } = whereTo(communication);
    const named = request ?? careTeam;
    if (named) return named;
    return subject ? (await this.careTeamStore.ofSubject(subject))[0] : undefined;
  }

  private async authorOf({ sender }: Communication): Promise<{ author?: FhirRef }> {
    const author = parseFhirRef(sender?.reference);
    return { author: author && (await this.persons.known(author)) };
  }
}
