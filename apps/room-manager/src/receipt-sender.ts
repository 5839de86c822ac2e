import { Injectable, Logger } from '@nestjs/common';
import type { EventId, FhirRef, MessageOf } from '@bridge/contracts';
import { inOrderOfParts } from '@bridge/mapping';
import { Receipts, isForbidden } from '@bridge/matrix';
import { ConversationStore, MessageLinkStore, ParticipantStore } from '@bridge/persistence';
import { GhostKeeper } from './ghost-keeper';

/** Who reads in FHIR is shown in Matrix as having read. */
@Injectable()
export class ReceiptSender {
  private readonly logger = new Logger(ReceiptSender.name);

  constructor(
    private readonly conversations: ConversationStore,
    private readonly participants: ParticipantStore,
    private readonly links: MessageLinkStore,
    private readonly ghosts: GhostKeeper,
    private readonly receipts: Receipts,
  ) {}

  /**
   * Sends `m.read` as the person's ghost. Those with an account of their own are left alone: what they have seen in
   * Matrix their client says. What is not in Matrix cannot be read there; a receipt that goes back is ignored by the
   * homeserver.
   */
  async send({ conversation, reader, communication }: MessageOf<'command.send-receipt'>): Promise<void> {
    const [place, participant, event] = await Promise.all([
      this.conversations.find(conversation),
      this.participants.find(reader),
      this.lastEventOf(communication),
    ]);
    if (!participant || participant.accountUserId) return;
    if (!place?.roomId || !event) {
      this.logger.debug(`${communication} was read, and is not in Matrix`);
      return;
    }
    const { roomId } = place;
    await this.ghosts.ensure(participant);
    const mark = () => this.receipts.markRead(roomId, event, participant.ghostUserId);
    try {
      await mark();
    } catch (error) {
      if (!isForbidden(error)) throw error;
      await this.ghosts.join(roomId, participant);
      await mark();
    }
  }

  /** The last one of its messages: the last piece of the last part of its payload. */
  private async lastEventOf(communication: FhirRef): Promise<EventId | undefined> {
    const links = await this.links.ofResource(communication);
    const inOrder = links
      .filter(({ eventId, redacted }) => eventId && !redacted)
      .sort((one, other) => inOrderOfParts(one.part, other.part));
    return inOrder.at(-1)?.eventId ?? undefined;
  }
}
