import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, roleOfType, strongerRole, typeOf } from '@bridge/contracts';
import { Member, toMember } from './care-team-store';
import { Database } from './database';
import type { ConversationRoom as Row } from './generated/client';
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
}

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

  async find(conversation: FhirRef): Promise<Conversation | undefined> {
    const row = await this.database.client.conversationRoom.findUnique({ where: { conversation } });
    return row ? toConversation(row) : undefined;
  }

  async ofRoom(roomId: RoomId): Promise<Conversation | undefined> {
    const row = await this.database.client.conversationRoom.findUnique({ where: { roomId } });
    return row ? toConversation(row) : undefined;
  }

  /** The conversations whose members depend on this care team. */
  async involving(careTeam: FhirRef): Promise<FhirRef[]> {
    const rows = await this.database.client.conversationRoom.findMany({
      where: { OR: [{ careTeam }, { parties: { has: careTeam } }] },
      select: { conversation: true },
    });
    return rows.map((row) => row.conversation as FhirRef);
  }

  /**
   * Everybody who belongs in the Room now: the parties, care teams expanded, each with their strongest role.
   * Who has left the conversation's care team leaves its Rooms, though a request still names them.
   */
  async members(conversation: Conversation): Promise<Member[]> {
    const teams = new Set(conversation.parties.filter((party) => typeOf(party) === 'CareTeam'));
    const named = new Set(conversation.parties.filter((party) => typeOf(party) !== 'CareTeam'));
    const rows = await this.database.client.careTeamMember.findMany({
      where: { careTeam: { in: [...teams, ...(conversation.careTeam ? [conversation.careTeam] : [])] } },
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
    return [...found.values(), ...(await this.outsiders(outsiders))];
  }

  /** Parties that no team of the conversation has or had. */
  private async outsiders(persons: readonly FhirRef[]): Promise<Member[]> {
    if (persons.length === 0) return [];
    const rows = await this.database.client.participant.findMany({
      where: { fhirRef: { in: [...persons] } },
      orderBy: { fhirRef: 'asc' },
    });
    return rows.map((row) => ({
      participant: toParticipant(row),
      role: roleOfType(typeOf(row.fhirRef as FhirRef)),
    }));
  }

  async setRoom(conversation: FhirRef, roomId: RoomId): Promise<void> {
    await this.database.client.conversationRoom.update({ where: { conversation }, data: { roomId } });
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
  };
}
