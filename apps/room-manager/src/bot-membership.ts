import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import {
  MatrixStateEvent,
  type MessageOf,
  RoomId,
  serverOf,
  TransientError,
  UserId,
} from '@bridge/contracts';
import { permissionOf } from '@bridge/mapping';
import { MatrixRefusal, Rooms } from '@bridge/matrix';
import { QueuePublisher } from '@bridge/queue';
import { Places } from './bot/place';
import { DirectChats } from './direct-chats';
import { GhostKeeper } from './ghost-keeper';
import { Languages } from './languages';
import { LostRooms } from './lost-rooms';
import { ManagerConfig } from './manager-config';
import { RoomAdoption } from './room-adoption';
import { RoomUpgrades } from './room-upgrades';

/**
 * How long a room to which the bot is invited may be out of reach, in milliseconds. Anybody in the federation can invite
 * it into a room on a server that is away: other rooms do not wait for that longer than this.
 */
const patienceMs = 60_000;

/**
 * The homeserver of the invited knows of an invite a moment before the inviting one has stored it, which says until then
 * that the room is not open. So long after the invite that may be why, in milliseconds.
 */
const settlingMs = 10_000;

/**
 * A decline that comes before the inviting homeserver has stored the invite is lost: ours takes it all the same, and who
 * invited waits for ever. So long after the invite it is stored, in milliseconds.
 */
const declineAfterMs = 3_000;

/** Invites to the bot and to ghosts, and their end. */
@Injectable()
export class BotMembership {
  private readonly logger = new Logger(BotMembership.name);

  constructor(
    private readonly rooms: Rooms,
    private readonly places: Places,
    private readonly directChats: DirectChats,
    private readonly ghosts: GhostKeeper,
    private readonly upgrades: RoomUpgrades,
    private readonly adoption: RoomAdoption,
    private readonly lostRooms: LostRooms,
    private readonly languages: Languages,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  /** @param arrivedAt when the event came to this bridge */
  async handle(event: MatrixStateEvent, arrivedAt: Date): Promise<void> {
    const { membership } = event.content;
    const isBot = event.state_key === this.config.bot;
    if (membership === 'invite') return this.onInvite(event, isBot, arrivedAt);
    if (isBot && (membership === 'leave' || membership === 'ban')) await this.onBotLeft(event.room_id);
  }

  private async onInvite(event: MatrixStateEvent, isBot: boolean, arrivedAt: Date): Promise<void> {
    try {
      await (isBot ? this.onBotInvited(event, arrivedAt) : this.onGhostInvited(event));
    } catch (error) {
      const isPatient = Date.now() - arrivedAt.getTime() < patienceMs;
      if (!(error instanceof TransientError && error.failureClass === 'homeserver-busy') || isPatient) {
        throw error;
      }
      this.logger.warn(`An invite to ${event.room_id} is given up: ${error.message}`);
    }
  }

  private async onBotInvited(
    { room_id: roomId, sender: inviter, event_id: invite }: MatrixStateEvent,
    arrivedAt: Date,
  ): Promise<void> {
    if (!(await this.rooms.enter(roomId, []))) {
      const maySettle = serverOf(inviter) !== this.config.serverName;
      if (!maySettle || Date.now() - arrivedAt.getTime() > settlingMs) return;
      throw new TransientError('invite-not-settled', `${roomId} is not open to the bot yet.`, {
        advice: 'Nothing to do: the homeserver of who invited the bot may not have stored the invite yet.',
      });
    }
    if (await this.upgrades.onInvite(roomId)) return;
    if (await this.adoption.onInvite(roomId, inviter)) return;
    const { bot: texts } = await this.languages.textsFor(inviter);
    if (permissionOf(inviter, this.config.permissions) === 'none') {
      return this.decline(roomId, this.config.bot, texts.declinedPerson);
    }
    const place = await this.places.of(roomId);
    if (place && place.kind !== 'direct') return;
    if (await this.directChats.begin(roomId, inviter, invite)) return;
    await this.decline(roomId, this.config.bot, texts.declinedRoom);
  }

  /** A ghost is where its person belongs, and nowhere else: what is said elsewhere would reach nobody. */
  private async onGhostInvited({
    room_id: roomId,
    sender,
    event_id: invite,
    state_key: userId,
  }: MatrixStateEvent): Promise<void> {
    const ghost = userId as UserId;
    const place = await this.places.of(roomId);
    const members = place && place.kind !== 'direct' ? place.members : [];
    const member = members.find(({ participant }) => participant.ghostUserId === ghost);
    if (member) return this.ghosts.join(roomId, member.participant);
    const { bot: texts } = await this.languages.textsFor(sender);
    if (serverOf(sender) === this.config.serverName) return this.decline(roomId, ghost, texts.declinedGhost);
    await this.publisher.publish(
      'command.decline-invite',
      serverOf(sender),
      {
        ...{ roomId, userId: ghost, reason: texts.declinedGhost },
        notBefore: new Date(Date.now() + declineAfterMs).toISOString(),
      },
      { id: invite },
    );
  }

  /** Declines an invite when its time has come. */
  async declineLater(command: MessageOf<'command.decline-invite'>): Promise<void> {
    const { roomId, userId, reason, notBefore } = command;
    await setTimeout(Math.max(0, Date.parse(notBefore) - Date.now()));
    await this.decline(roomId, userId, reason);
  }

  private async onBotLeft(roomId: RoomId): Promise<void> {
    if (await this.directChats.end(roomId)) return;
    await this.lostRooms.onBotLeft(roomId);
  }

  /** Out of the room, with a reason that those in it are shown. */
  private async decline(roomId: RoomId, as: UserId, reason: string): Promise<void> {
    try {
      await this.rooms.leave(roomId, as, reason);
    } catch (error) {
      // Out of it already, or no ghost that was ever made.
      if (!(error instanceof MatrixRefusal)) throw error;
    }
  }
}
