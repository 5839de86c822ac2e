import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@bridge/audit';
import { FhirRef, MessageOf } from '@bridge/contracts';
import { NoticeDetails, refusalOfNotice } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { ToldOnceStore } from '@bridge/persistence';
import { BotVoice, aboutEvent } from './bot-voice';
import { Languages } from './languages';
import { ManagerConfig } from './manager-config';
import { RoomReconciler } from './room-reconciler';
import { visibleEvent } from './visible-event';

type Notice = MessageOf<'command.send-notice'>;

/** What the bot tells people about their own messages. */
@Injectable()
export class Notifier {
  constructor(
    private readonly rooms: Rooms,
    private readonly voice: BotVoice,
    private readonly languages: Languages,
    private readonly tellings: ToldOnceStore,
    private readonly roomReconciler: RoomReconciler,
    private readonly trail: AuditTrail,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * Says it in reply to their event, once per event and notice, in the thread of the event and in their language.
   * What is said once per person and Room is noted after it was said: when the process dies in between, it is said
   * again under the same transaction id, which the homeserver knows.
   */
  async notify(message: Notice): Promise<void> {
    const { roomId, inReplyTo, to, notice, details, once = false } = message;
    const refusal = refusalOfNotice(message);
    if (refusal) await this.trail.refused(`${inReplyTo} ${notice}`, refusal);
    const telling = { roomId, userId: to, notice };
    if (once && (await this.tellings.wasTold(telling))) return;
    const [texts, event, values] = await Promise.all([
      this.languages.textsFor(to),
      visibleEvent(this.rooms, roomId, inReplyTo),
      this.valuesOf(details),
    ]);
    const said = await this.voice.say({
      roomId,
      transactionId: aboutEvent(`notice.${notice}`, inReplyTo),
      answer: { text: texts.notices[notice](values) },
      to: { eventId: inReplyTo, sender: to, event },
    });
    if (said && once) await this.tellings.told(telling);
  }

  /** A conversation is spoken of by a link to its Room, which is made first where it is not there yet. */
  private async valuesOf(details: Notice['details'] = {}): Promise<NoticeDetails> {
    const conversation = FhirRef.safeParse(details.conversation).data;
    const roomId = conversation && (await this.roomReconciler.reconcile(conversation));
    if (!roomId) return details;
    const via = encodeURIComponent(this.config.serverName);
    return { ...details, link: `https://matrix.to/#/${encodeURIComponent(roomId)}?via=${via}` };
  }
}
