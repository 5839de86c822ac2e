import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EventId, MessageOf, RoomId, UserId } from '@bridge/contracts';
import { isOutdated, latest } from '@bridge/mapping';
import { Rooms, isForbidden } from '@bridge/matrix';
import {
  ConversationStore,
  MessageLink,
  MessageLinkStore,
  Participant,
  ParticipantStore,
} from '@bridge/persistence';
import { GhostKeeper } from './ghost-keeper';
import { GhostVoice } from './ghost-voice';
import { ManagerConfig } from './manager-config';
import { visibleEvent } from './visible-event';

/** What was taken back in FHIR is taken back in Matrix. */
@Injectable()
export class MessageRedactor {
  constructor(
    private readonly conversations: ConversationStore,
    private readonly participants: ParticipantStore,
    private readonly links: MessageLinkStore,
    private readonly ghosts: GhostKeeper,
    private readonly voice: GhostVoice,
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  /** Takes back all that a resource said. An older version than the one that Matrix shows changes nothing. */
  async redact(message: MessageOf<'command.redact-message'>): Promise<void> {
    const { conversation, source: fhirRef, version } = message;
    const versionAt = message.versionAt ? new Date(message.versionAt) : null;
    const links = await this.links.ofResource(fhirRef);
    const fromFhir = links.filter(({ direction }) => direction === 'to-matrix');
    const shown = latest(fromFhir);
    if (shown && isOutdated({ version, versionAt }, shown)) return;
    const author = message.author && (await this.participants.find(message.author));
    for (const link of links) if (!link.redacted) await this.takeBack(link, author);
    // Of what was said in Matrix no version in FHIR says anything there.
    if (links.length === fromFhir.length)
      await this.links.tookBackAll({ fhirRef, version, conversation }, versionAt);
  }

  /**
   * Takes back one message.
   * @param author whose ghost does it; without one, or where it must not: the bot
   */
  async takeBack(link: MessageLink, author: Participant | undefined): Promise<void> {
    const conversation = await this.conversations.find(link.conversation);
    const rooms = [conversation?.roomId, ...(conversation?.formerRoomIds ?? [])];
    for (const roomId of rooms) {
      if (roomId && link.eventId) await this.redactEvent(roomId, link.eventId, author);
    }
    await this.links.tookBack(link);
  }

  private async redactEvent(
    roomId: RoomId,
    eventId: EventId,
    author: Participant | undefined,
  ): Promise<void> {
    const event = await visibleEvent(this.rooms, roomId, eventId);
    // Said in another of its rooms, or taken back already: in Matrix, or by a try of ours that was not noted.
    if (!event || Object.keys(event.content).length === 0) return;
    const redactAs = (as: UserId) =>
      this.rooms.redact({ roomId, eventId, as, transactionId: redactionId(as, eventId) });
    if (author?.ghostUserId === event.sender) {
      try {
        return await this.voice.act(roomId, author, () => redactAs(author.ghostUserId));
      } catch (error) {
        if (!isForbidden(error)) throw error;
      }
    }
    await this.ghosts.ensureDevice(this.config.bot);
    await redactAs(this.config.bot);
  }
}

/** The same user and event give the same redaction, also after a restart of the homeserver. */
function redactionId(as: UserId, eventId: EventId): string {
  return createHash('sha256')
    .update(JSON.stringify(['redact', as, eventId]))
    .digest('base64url');
}
