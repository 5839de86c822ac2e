import { Injectable, Logger } from '@nestjs/common';
import { MatrixStateEvent, NoticeCode, UserId } from '@bridge/contracts';
import { type MemberAction, judgeMemberChange, textsIn } from '@bridge/mapping';
import { Members } from '@bridge/matrix';
import { Member, Membership, RoomMembershipStore } from '@bridge/persistence';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { ContainerPlace, ContainerPlaces } from './container-places';
import { GhostKeeper } from './ghost-keeper';
import { Inviter } from './inviter';
import { KnownPeople } from './known-people';
import { ManagerConfig } from './manager-config';
import { visibleId } from './visible-id';

/** Somebody who leaves again and again, or is brought in again and again, is put back so often in a day. */
const restorations = { most: 3, withinMs: 86_400_000 };

/** A change of membership that the bridge did not make, as the homeserver confirms it. */
interface Change {
  readonly event: MatrixStateEvent;
  readonly place: ContainerPlace;
  readonly userId: UserId;
  /** The member that they are; undefined for somebody who does not belong. */
  readonly member: Member | undefined;
}

/** Who comes and goes in Matrix: written into the record, or undone, as the organisation has decided. */
@Injectable()
export class MemberEvents {
  private readonly logger = new Logger(MemberEvents.name);
  private readonly actions;

  constructor(
    private readonly places: ContainerPlaces,
    private readonly members: Members,
    private readonly memberships: RoomMembershipStore,
    private readonly people: KnownPeople,
    private readonly ghosts: GhostKeeper,
    private readonly inviter: Inviter,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
    metrics: Metrics,
  ) {
    this.actions = metrics.counter(
      'bridge_member_changes_total',
      'Comings and goings in Matrix, by what became of them',
      ['action'],
    );
  }

  /**
   * The event itself decides nothing: it may be late, repeated or made up. Only when the homeserver says that it is
   * what counts now is it acted on; what we do then takes its place, so that a repetition finds another one there.
   */
  async handle(event: MatrixStateEvent): Promise<void> {
    const userId = UserId.safeParse(event.state_key).data;
    if (!userId || userId === this.config.bot) return;
    const place = await this.places.at(event.room_id);
    if (!place) return;
    const current = await this.members.current(place.roomId, userId);
    if (current?.event_id !== event.event_id) return;
    const member = place.members.find(({ participant }) => visibleId(participant) === userId);
    const membership = String(current.content.membership);
    const action = judgeMemberChange({
      membership,
      before: membershipBefore(event) ?? (await this.memberships.find(place.roomId, userId)),
      isOwnDoing: current.sender === userId,
      belongs: member !== undefined,
      isKnown: !this.config.isOwn(userId) && (await this.isKnown(userId, place)),
      isSpace: place.kind === 'space',
      master: this.config.membershipMaster,
    });
    await this.memberships.note(place.roomId, userId, membership as Membership);
    await this.act(action, { event, place, userId, member });
    this.actions.inc({ action });
  }

  /** Only who is to be written into the record is looked for there: strangers in Rooms are nobody's business. */
  private async isKnown(userId: UserId, { kind }: ContainerPlace): Promise<boolean> {
    if (await this.people.isKnown(userId)) return true;
    const mayRecord = this.config.membershipMaster === 'matrix' && kind === 'space';
    return mayRecord && this.people.isInRecord(userId);
  }

  private async act(action: MemberAction, change: Change): Promise<void> {
    switch (action) {
      case 'none':
        return;
      case 'declined':
        return this.memberships.decline(change.place.roomId, change.userId);
      case 'put-back':
        return this.restore(change, () => this.putBack(change));
      case 'put-out':
        return this.restore(change, () => this.putOut(change));
      case 'record-leaving':
        // Until the record has it, no reconciliation is to invite them again.
        await this.memberships.decline(change.place.roomId, change.userId);
        return this.record(change, false);
      case 'record-joining':
        return this.record(change, true);
      case 'tell-unknown':
        return this.tell(change, 'requester-unknown');
    }
  }

  private async restore(change: Change, work: () => Promise<void>): Promise<void> {
    const { place, userId } = change;
    if (!(await this.memberships.takeRestoration(place.roomId, userId, restorations))) {
      this.logger.warn(
        `In ${place.roomId} somebody is not put back any more today: it has been done too often`,
      );
      return;
    }
    // First told, then done: once it is done, a repetition of the event finds nothing to tell.
    await this.tell(change, 'membership-restored');
    await work();
  }

  private async putBack({ event, place, userId, member }: Change): Promise<void> {
    if (event.content.membership === 'ban') await this.members.unban(place.roomId, userId);
    if (member && this.config.isOwn(userId)) return this.ghosts.join(place.roomId, member.participant);
    const putOutAt = event.sender === userId ? undefined : Date.now();
    await this.inviter.inviteOrQueue({ ...place, userId, reason: this.reason(), putOutAt });
  }

  private async putOut({ place, userId }: Change): Promise<void> {
    await this.members.remove(place.roomId, userId, this.reason());
    await this.memberships.note(place.roomId, userId, 'leave');
  }

  private async record({ event, place, userId }: Change, present: boolean): Promise<void> {
    const { container: careTeam } = place;
    // By our own clock: that of another homeserver may tell any time.
    const changedAt = new Date().toISOString();
    const message = { careTeam, userId, present, changedAt };
    await this.publisher.publish('membership.changed', careTeam, message, { id: event.event_id });
  }

  /** In the Room, as an answer to who did it. Whom it was done to reads the same in the invite or removal. */
  private async tell({ event, place }: Change, notice: NoticeCode): Promise<void> {
    const message = { roomId: place.roomId, inReplyTo: event.event_id, to: event.sender, notice };
    await this.publisher.publish('command.send-notice', place.roomId, message, {
      id: `${notice} ${event.event_id}`,
    });
  }

  private reason(): string {
    return textsIn(this.config.language).notices['membership-restored']({});
  }
}

/** What they were before, as the homeserver says beside the event. */
function membershipBefore({ unsigned }: MatrixStateEvent): string | undefined {
  const { prev_content: before } = (unsigned ?? {}) as { prev_content?: { membership?: unknown } };
  return typeof before?.membership === 'string' ? before.membership : undefined;
}
