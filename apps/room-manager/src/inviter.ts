import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { BridgeError, FhirRef, RoomId, UserId, serverOf } from '@bridge/contracts';
import { inviteContextField } from '@bridge/mapping';
import { Rooms } from '@bridge/matrix';
import { Sealer } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from './manager-config';

export interface Invitation {
  readonly kind: 'space' | 'room';
  /** Whose Space or Room: a CareTeam or a conversation. */
  readonly container: FhirRef;
  readonly roomId: RoomId;
  readonly userId: UserId;
  /** The patient's pseudonym, sealed. */
  readonly sealedSubject: Uint8Array | null;
}

/** Invites people under their own account. */
@Injectable()
export class Inviter {
  private readonly logger = new Logger(Inviter.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly sealer: Sealer,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * The patient's pseudonym goes along to other homeservers only: our own people have the record.
   * Somebody who is in the room already stays as they are.
   */
  async invite({ roomId, userId, sealedSubject }: Invitation): Promise<void> {
    const isElsewhere = serverOf(userId) !== this.config.serverName;
    const context =
      isElsewhere && sealedSubject ? { [inviteContextField]: this.sealer.open(sealedSubject) } : {};
    await this.rooms.invite(roomId, userId, context);
  }

  /**
   * Invites now. What does not work at once, be it that the person's homeserver is away or that it refuses, is left to
   * a command of its own, queued by that server: neither the conversation nor the other invites wait for it.
   */
  async inviteOrQueue(invitation: Invitation): Promise<void> {
    try {
      await this.invite(invitation);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      const { kind, container, userId } = invitation;
      this.logger.warn(`An invite into ${container} is tried again in the background: ${error.failureClass}`);
      const command = { kind, container, userId };
      await this.publisher.publish('command.invite', serverOf(userId), command, { id: randomUUID() });
    }
  }
}
