import { Injectable } from '@nestjs/common';
import { MatrixEvent } from '@bridge/contracts';
import { Rooms } from '@bridge/matrix';
import type { Member } from '@bridge/persistence';

/** Whether somebody said something in a Room at all, before it goes into the record. */
@Injectable()
export class SenderCheck {
  constructor(private readonly rooms: Rooms) {}

  /**
   * People of the conversation need no look-up. Of anybody else the homeserver knows whether they are in the Room; who
   * has spoken and left in the meantime has left the event there.
   * @throws TransientError while the homeserver is away
   */
  async isReal(event: MatrixEvent, members: readonly Member[]): Promise<boolean> {
    const { room_id: roomId, event_id: eventId, sender } = event;
    if (members.some(({ participant }) => participant.accountUserId === sender)) return true;
    if ((await this.rooms.membershipOf(roomId, sender)) === 'join') return true;
    return (await this.rooms.event(roomId, eventId))?.sender === sender;
  }
}
