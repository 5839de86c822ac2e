import { Injectable } from '@nestjs/common';
import { CareTeamRole, UserId } from '@bridge/contracts';
import { Answer, Texts, helpAnswer } from '@bridge/mapping';
import { RoomState, Rooms } from '@bridge/matrix';
import { Member, ParticipantStore } from '@bridge/persistence';
import { ManagerConfig } from '../manager-config';
import { visibleId } from '../visible-id';
import type { BotReply, BotRequest } from './bot-request';

/** Commands that tell something about people and change nothing. */
@Injectable()
export class LookingCommands {
  constructor(
    private readonly participants: ParticipantStore,
    private readonly rooms: Rooms,
    private readonly config: ManagerConfig,
  ) {}

  async help({ permission, texts }: BotRequest): Promise<BotReply> {
    return helpAnswer(permission, this.config.botPrefix, texts);
  }

  async whoami({ sender, place, permission, texts }: BotRequest): Promise<BotReply> {
    const { bot } = texts;
    const known =
      place.kind === 'direct'
        ? (await this.participants.withUserId(sender)).map(({ fhirRef }) => bot.knownAs(fhirRef))
        : place.members
            .filter(({ participant }) => participant.accountUserId === sender)
            .map(({ participant, role }) => bot.knownAsInRole(participant.fhirRef, bot.roles[role]));
    return {
      text: bot.whoAreYou(sender),
      items: [
        ...(known.length > 0 ? known : [bot.notKnown]),
        bot.permissionIs(bot.permissions[permission]),
        bot.languageIs(bot.languageName),
      ],
    };
  }

  /** Names are taken from the Room itself: nobody is named to whom the Room does not name them. */
  async members({ event, place, texts }: BotRequest): Promise<BotReply> {
    if (place.kind === 'direct') return { text: texts.bot.notHere };
    const present = presentIn(await this.rooms.state(event.room_id));
    return membersAnswer(place.members, present, this.config.isOwn, texts);
  }
}

/** Somebody in a Room, as the Room shows them. */
interface Present {
  readonly name: string;
  readonly membership: 'join' | 'invite';
}

function presentIn(state: readonly RoomState[]): ReadonlyMap<string, Present> {
  return new Map(
    state.flatMap(({ type, state_key: userId, content }) => {
      const { membership, displayname } = content;
      if (type !== 'm.room.member' || (membership !== 'join' && membership !== 'invite')) return [];
      const name = typeof displayname === 'string' && displayname !== '' ? displayname : userId;
      return [[userId, { name, membership }] as const];
    }),
  );
}

function membersAnswer(
  members: readonly Member[],
  present: ReadonlyMap<string, Present>,
  isOwn: (userId: string) => boolean,
  { bot }: Texts,
): Answer {
  const line = (userId: UserId, role: CareTeamRole, hasAccount: boolean): string => {
    const { name, membership } = present.get(userId) ?? { name: userId, membership: undefined };
    const facts = [bot.roles[role], hasAccount ? bot.ownAccount : bot.viaBridge];
    return `${name}: ${[...facts, ...(membership === 'join' ? [] : [bot.notJoined])].join(', ')}`;
  };
  const belonging = new Set<string>(members.map(({ participant }) => visibleId(participant)));
  const others = [...present].filter(([userId]) => !belonging.has(userId) && !isOwn(userId));
  const items = [
    ...members.map(({ participant, role }) =>
      line(visibleId(participant), role, participant.accountUserId !== null),
    ),
    ...others.map(([, { name }]) => `${name}: ${bot.unknownToRecord}`),
  ];
  return items.length > 0 ? { text: bot.membersHere, items } : { text: bot.nobody };
}
