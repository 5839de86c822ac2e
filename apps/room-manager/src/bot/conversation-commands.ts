import { Injectable } from '@nestjs/common';
import { MessageOf, typeOf } from '@bridge/contracts';
import { mayArchive, memberWithAccount } from '@bridge/mapping';
import { CareTeamStore, Member } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import type { BotReply, BotRequest } from './bot-request';

/**
 * `new` and `archive`. What they ask for is done by fhir-mapper, the only writer to the record, which also says when it
 * is done; what cannot be is said here at once.
 */
@Injectable()
export class ConversationCommands {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly publisher: QueuePublisher,
  ) {}

  /** In the care team of the Room or Space; in a direct chat in the person's only one. */
  async start({ event, sender, place, rest, texts }: BotRequest): Promise<BotReply> {
    const unknown = { text: texts.notices['requester-unknown']({}) };
    const teams = await this.careTeams.ofAccount(sender);
    if (place.kind === 'direct' && teams.length > 1) return { text: texts.bot.severalCareTeams };
    const careTeam = place.kind === 'direct' ? teams[0] : place.careTeam;
    if (!careTeam || !teams.includes(careTeam)) return unknown;
    const message: MessageOf<'conversation.start'> = {
      careTeam,
      requester: sender,
      topic: rest,
      identifier: event.event_id,
      answerTo: { roomId: event.room_id, eventId: event.event_id },
    };
    await this.publisher.publish('conversation.start', careTeam, message, { id: event.event_id });
    return 'later';
  }

  async archive({ event, sender, place, texts }: BotRequest): Promise<BotReply> {
    if (place.kind !== 'room') return { text: texts.bot.notHere };
    const { conversation, open } = place.conversation;
    const member = memberWithAccount(holders(place.members), sender);
    if (!member) return { text: texts.notices['requester-unknown']({}) };
    if (!mayArchive(member.role)) return { text: texts.bot.professionalsOnly };
    if (typeOf(conversation) !== 'CommunicationRequest') return { text: texts.bot.cannotArchive };
    if (!open) return { text: texts.bot.alreadyClosed };
    const { room_id: roomId, event_id: eventId } = event;
    const message = { conversation, by: sender, answerTo: { roomId, eventId } };
    await this.publisher.publish('conversation.archive', conversation, message, { id: eventId });
    return 'later';
  }
}

function holders(members: readonly Member[]) {
  return members.map(({ participant, role }) => ({ ...participant, role }));
}
