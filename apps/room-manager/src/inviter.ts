import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { BridgeError, FhirRef, RoomId, TransientError, UserId, serverOf } from '@bridge/contracts';
import { inviteContextField } from '@bridge/mapping';
import { Members, Rooms } from '@bridge/matrix';
import { RoomMembershipStore, Sealer } from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { Disclosures } from './disclosures';
import { ManagerConfig } from './manager-config';
import { PartnerServers } from './partner-servers';

export interface Invitation {
  readonly kind: 'space' | 'room';
  /** Whose Space or Room: a CareTeam or a conversation. */
  readonly container: FhirRef;
  readonly roomId: RoomId;
  readonly userId: UserId;
  /** The patient's pseudonym, sealed. */
  readonly sealedSubject: Uint8Array | null;
  /** What the invited person is shown. */
  readonly reason?: string;
  /** When somebody else has put them out, in ms since 1970: their homeserver has to hear of that before it is invited. */
  readonly putOutAt?: number;
}

/** How long a conversation waits for another homeserver, in milliseconds. In the background there is more time. */
const atOnceMs = 4_000;
/**
 * How long the homeserver of somebody who was put out is given to hear of that, in milliseconds. An invite is brought to
 * it at once, a removal in its own time: where the invite comes first, the removal undoes it there, unseen from here.
 */
const settlingMs = 3_000;

/** Invites people under their own account. */
@Injectable()
export class Inviter {
  private readonly logger = new Logger(Inviter.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly members: Members,
    private readonly partners: PartnerServers,
    private readonly memberships: RoomMembershipStore,
    private readonly sealer: Sealer,
    private readonly publisher: QueuePublisher,
    private readonly disclosures: Disclosures,
    private readonly config: ManagerConfig,
  ) {}

  /**
   * The patient's pseudonym goes along to other homeservers only: our own people have the record.
   * Somebody who is in the room already stays as they are.
   * @param withinMs not given: as long as an invite may take
   */
  async invite(invitation: Invitation, withinMs?: number): Promise<void> {
    const { roomId, userId, sealedSubject, reason } = invitation;
    const server = serverOf(userId);
    const isElsewhere = server !== this.config.serverName;
    const pseudonym = isElsewhere && sealedSubject ? this.sealer.open(sealedSubject) : undefined;
    const context = pseudonym === undefined ? {} : { [inviteContextField]: pseudonym };
    const content = { ...context, ...(reason ? { reason } : {}) };
    const ask = () => this.rooms.invite(roomId, userId, content, withinMs);
    if (isElsewhere) this.partners.check(server);
    try {
      if (isElsewhere && !this.partners.isFresh(server)) await this.members.reach(userId, withinMs);
      await (pseudonym === undefined ? ask() : this.disclosures.ofPseudonym(invitation, ask));
      if (isElsewhere) this.partners.reached(server);
    } catch (error) {
      if (isElsewhere && error instanceof TransientError) this.partners.failed(server);
      throw error;
    }
    await this.memberships.note(roomId, userId, 'invite');
  }

  /**
   * Invites now. What does not work at once, be it that the person's homeserver is away, slow or limits its rate, or
   * that it refuses, is left to a command of its own, queued by that server: neither the conversation nor the other
   * invites wait for it. So is an invite that has to come later.
   */
  async inviteOrQueue(invitation: Invitation): Promise<void> {
    const notBefore = this.notBefore(invitation);
    if (notBefore > Date.now()) return this.queue(invitation, new Date(notBefore));
    try {
      await this.invite(invitation, atOnceMs);
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      this.logger.warn(
        `An invite into ${invitation.container} is tried again in the background: ${error.failureClass}`,
      );
      await this.queue(invitation);
    }
  }

  /** Our own homeserver knows at once; no clock of another one lets anybody wait longer than it takes. */
  private notBefore({ userId, putOutAt }: Invitation): number {
    if (putOutAt === undefined || serverOf(userId) === this.config.serverName) return 0;
    return Math.min(putOutAt, Date.now()) + settlingMs;
  }

  private async queue(
    { kind, container, userId, reason }: Invitation,
    notBefore: Date | undefined = undefined,
  ): Promise<void> {
    const command = { kind, container, userId, reason, notBefore: notBefore?.toISOString() };
    await this.publisher.publish('command.invite', serverOf(userId), command, { id: randomUUID() });
  }
}
