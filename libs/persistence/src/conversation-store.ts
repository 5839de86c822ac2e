import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, UserId, roleOfType, strongerRole, typeOf } from '@bridge/contracts';
import { Member, toMember } from './care-team-store';
import { Database } from './database';
import type { Prisma, ConversationRoom as Row } from './generated/client';
import { opaqueId, toParticipant } from './participant-store';

/** What one version of a CommunicationRequest says (or a CareTeam, for its general room). */
export interface ConversationFacts {
  readonly conversation: FhirRef;
  readonly careTeam: FhirRef | null;
  readonly subject: FhirRef | null;
  readonly encounter: FhirRef | null;
  readonly parties: readonly FhirRef[];
  readonly open: boolean;
  readonly name: string;
  readonly versionAt: Date;
}

export interface Conversation extends ConversationFacts {
  readonly aliasLocalpart: string;
  readonly roomId: RoomId | null;
  /** Rooms it had before: upgraded, or deleted by an administrator. */
  readonly formerRoomIds: readonly RoomId[];
  /** Its Room was made by somebody in Matrix: the bridge may lack power over its state. */
  readonly adopted: boolean;
}

/** The Rooms of a conversation, as far as its Space has to know. */
export type RoomsOfConversation = Pick<Conversation, 'roomId' | 'formerRoomIds'>;

/** Some of a conversation's members: by their references, or by their accounts and ghosts. */
export type Among = { readonly persons: readonly FhirRef[] } | { readonly userIds: readonly UserId[] };

@Injectable()
export class ConversationStore {
  constructor(
    private readonly database: Database,
    private readonly aliasPrefix: string,
  ) {}

  /** @returns false when a newer version was written already: then nothing is changed */
  async apply(facts: ConversationFacts): Promise<boolean> {
    const { conversation, versionAt } = facts;
    const data = { ...facts, parties: [...facts.parties] };
    const inserted = await this.database.client.conversationRoom.createMany({
      data: { ...data, aliasLocalpart: this.aliasPrefix + opaqueId() },
      skipDuplicates: true,
    });
    if (inserted.count > 0) return true;
    const updated = await this.database.client.conversationRoom.updateMany({
      where: { conversation, versionAt: { lte: versionAt } },
      data,
    });
    return updated.count > 0;
  }

  /**
   * As `apply`, for a conversation that began with a Room made in Matrix: that Room is its Room from the start, in one
   * write, so that at no moment there is a conversation without a Room, for which the bridge would make another.
   * A Room that belongs to another conversation already is left to that one. Repeating it changes nothing.
   */
  async adopt(facts: ConversationFacts, roomId: RoomId): Promise<boolean> {
    const { conversation } = facts;
    const table = this.database.client.conversationRoom;
    const adopted = { roomId, adopted: true };
    const inserted = await table.createMany({
      data: {
        ...facts,
        ...adopted,
        parties: [...facts.parties],
        aliasLocalpart: this.aliasPrefix + opaqueId(),
      },
      skipDuplicates: true,
    });
    if (inserted.count > 0) return true;
    const known = await table.findUnique({ where: { conversation }, select: { formerRoomIds: true } });
    if (!known) return false;
    // Its resource was read before the Room was known. A Room that it had and lost does not come back.
    if (known.formerRoomIds.length === 0) {
      await table.updateMany({ where: { conversation, roomId: null }, data: adopted });
    }
    return this.apply(facts);
  }

  /**
   * Closes a conversation whose resource was deleted, and leaves all else as it was.
   * @returns false when it is not known, or a newer version was written already
   */
  async close(conversation: FhirRef, deletedAt: Date): Promise<boolean> {
    const { count } = await this.database.client.conversationRoom.updateMany({
      where: { conversation, versionAt: { lte: deletedAt } },
      data: { open: false, versionAt: deletedAt },
    });
    return count > 0;
  }

  async find(conversation: FhirRef): Promise<Conversation | undefined> {
    const row = await this.database.client.conversationRoom.findUnique({ where: { conversation } });
    return row ? toConversation(row) : undefined;
  }

  /** The conversation that has this Room, or had it: what is said late in a Room that was replaced is recorded too. */
  async ofRoom(roomId: RoomId): Promise<Conversation | undefined> {
    const table = this.database.client.conversationRoom;
    const row = (await table.findUnique({ where: { roomId } })) ?? (await this.formerlyOf(roomId));
    return row ? toConversation(row) : undefined;
  }

  /** Not `findFirst`: its LIMIT has Postgres expect a match nearby, and read the whole table where there is none. */
  private async formerlyOf(roomId: RoomId): Promise<Row | undefined> {
    const rows = await this.database.client.conversationRoom.findMany({
      where: { formerRoomIds: { has: roomId } },
    });
    return rows[0];
  }

  /** The Rooms, present and former, of the conversations in a care team's Space. */
  async roomsIn(careTeam: FhirRef): Promise<RoomsOfConversation[]> {
    const rows = await this.database.client.conversationRoom.findMany({
      where: { careTeam },
      orderBy: { conversation: 'asc' },
      select: { roomId: true, formerRoomIds: true },
    });
    return rows.map(({ roomId, formerRoomIds }) => ({
      roomId: roomId as RoomId | null,
      formerRoomIds: formerRoomIds as RoomId[],
    }));
  }

  /** The conversations whose members depend on this care team. */
  async involving(careTeam: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.conversationRoom.findMany({
      where: { OR: [{ careTeam }, { parties: { has: careTeam } }] },
      select: { conversation: true },
    });
    return rows.map((row) => row.conversation as FhirRef);
  }

  /** The conversations that name this person and have no care team that would be applied again for them. */
  async withoutTeamOf(person: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.conversationRoom.findMany({
      where: { careTeam: null, parties: { has: person } },
      select: { conversation: true },
    });
    return rows.map((row) => row.conversation as FhirRef);
  }

  /**
   * Everybody who belongs in the Room now: the parties, care teams expanded, each with their strongest role.
   * Who has left the conversation's care team leaves its Rooms, though a request still names them.
   * @param among whom to look for; not given: everybody. A Room may have hundreds, and a message is about few of them
   */
  async members(conversation: Conversation, among?: Among): Promise<Member[]> {
    const teams = new Set(conversation.parties.filter((party) => typeOf(party) === 'CareTeam'));
    const named = new Set(conversation.parties.filter((party) => typeOf(party) !== 'CareTeam'));
    const rows = await this.database.client.careTeamMember.findMany({
      where: {
        careTeam: { in: [...teams, ...(conversation.careTeam ? [conversation.careTeam] : [])] },
        participant: among && participantsAmong(among),
      },
      include: { participant: true },
      orderBy: { person: 'asc' },
    });
    const found = new Map<string, Member>();
    for (const row of rows) {
      const belongs = teams.has(row.careTeam as FhirRef) || named.has(row.person as FhirRef);
      if (!row.present || !belongs) continue;
      const member = toMember(row);
      const role = strongerRole(member.role, found.get(row.person)?.role ?? member.role);
      found.set(row.person, { ...member, role });
    }
    const inTeams = new Set(rows.map(({ person }) => person));
    const outsiders = [...named].filter((person) => !inTeams.has(person));
    return [...found.values(), ...(await this.outsiders(outsiders, among))];
  }

  /** Parties that no team of the conversation has or had. */
  private async outsiders(persons: readonly FhirRef[], among?: Among): Promise<Member[]> {
    if (persons.length === 0) return [];
    const rows = await this.database.client.participant.findMany({
      where: { fhirRef: { in: [...persons] }, deletedAt: null, AND: among && participantsAmong(among) },
      orderBy: { fhirRef: 'asc' },
    });
    return rows.map((row) => ({
      participant: toParticipant(row),
      role: roleOfType(typeOf(row.fhirRef as FhirRef)),
    }));
  }

  /** Notes the Room that was made. A Room that is there already stays. */
  async setRoom(conversation: FhirRef, roomId: RoomId): Promise<void> {
    await this.database.client.conversationRoom.updateMany({
      where: { conversation, roomId: null },
      data: { roomId },
    });
  }

  /**
   * The Room was replaced by another. Of several who say so, one does it.
   * @returns whether this call did
   */
  async moveRoom(conversation: FhirRef, from: RoomId, to: RoomId): Promise<boolean> {
    const { count } = await this.database.client.conversationRoom.updateMany({
      where: { conversation, roomId: from },
      data: { roomId: to, formerRoomIds: { push: from } },
    });
    return count > 0;
  }

  /**
   * The Room is gone: the next one is the bridge's own, behind an alias of its own.
   * @returns whether this call found it out
   */
  async loseRoom(conversation: FhirRef, roomId: RoomId): Promise<boolean> {
    const { count } = await this.database.client.conversationRoom.updateMany({
      where: { conversation, roomId },
      data: {
        roomId: null,
        formerRoomIds: { push: roomId },
        aliasLocalpart: this.aliasPrefix + opaqueId(),
        adopted: false,
      },
    });
    return count > 0;
  }

  /** Whether this alias was handed out to a Space or a Room: the answer to the homeserver's `/rooms/{alias}`. */
  async hasAlias(aliasLocalpart: string): Promise<boolean> {
    const where = { aliasLocalpart };
    const [room, space] = await Promise.all([
      this.database.client.conversationRoom.findUnique({ where, select: { conversation: true } }),
      this.database.client.careTeamSpace.findUnique({ where, select: { careTeam: true } }),
    ]);
    return room !== null || space !== null;
  }
}

function toConversation(row: Row): Conversation {
  return {
    conversation: row.conversation as FhirRef,
    careTeam: row.careTeam as FhirRef | null,
    subject: row.subject as FhirRef | null,
    encounter: row.encounter as FhirRef | null,
    parties: row.parties as FhirRef[],
    open: row.open,
    name: row.name,
    versionAt: row.versionAt,
    aliasLocalpart: row.aliasLocalpart,
    roomId: row.roomId as RoomId | null,
    formerRoomIds: row.formerRoomIds as RoomId[],
    adopted: row.adopted,
  };
}

function participantsAmong(among: Among): Prisma.ParticipantWhereInput {
  if ('persons' in among) return { fhirRef: { in: [...among.persons] } };
  const userIds = [...among.userIds];
  return { OR: [{ accountUserId: { in: userIds } }, { ghostUserId: { in: userIds } }] };
}
