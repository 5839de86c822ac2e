import { Injectable } from '@nestjs/common';
import { MessageOf } from '@bridge/contracts';
import { textsIn } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { GhostKeeper } from './ghost-keeper';
import { ManagerConfig } from './manager-config';

/** What the bot tells people about their own messages. */
@Injectable()
export class Notifier {
  constructor(
    private readonly ghosts: GhostKeeper,
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  /** Says it in reply to their event, once per event and notice. */
  async notify({ roomId, inReplyTo, notice, details = {} }: MessageOf<'command.send-notice'>): Promise<void> {
    const content = {
      msgtype: 'm.notice',
      body: textsIn(this.config.language).notices[notice](details),
      'm.relates_to': { 'm.in_reply_to': { event_id: inReplyTo } },
    };
    const { bot } = this.config;
    await this.ghosts.ensureDevice(bot);
    await this.rooms.send({
      roomId,
      as: bot,
      transactionId: `notice.${notice}.${encodeURIComponent(inReplyTo.slice(1))}`,
      content,
    });
  }
}
