import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, roleOfType, typeOf } from '@bridge/contracts';
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
   * Everybody who belongs in the Room now: the parties, care teams expanded. A party who is named alone belongs
   * as long as the conversation's care team, where it has one, has them: who leaves the team leaves its rooms.
   */
  async members(conversation: Conversation): Promise<Member[]> {
    const teams = conversation.parties.filter((party) => typeOf(party) === 'CareTeam');
    const alone = conversation.parties.filter((party) => typeOf(party) !== 'CareTeam');
    const ofTeams = await this.database.client.careTeamMember.findMany({
      where: { careTeam: { in: [...teams, ...(conversation.careTeam ? [conversation.careTeam] : [])] } },
      include: { participant: true },
    });
    const found = new Map<string, Member>();
    for (const row of ofTeams) {
      if (teams.includes(row.careTeam as FhirRef) || alone.includes(row.person as FhirRef))
        found.set(row.person, toMember(row));
    }
    if (!conversation.careTeam) {
      const rows = await this.database.client.participant.findMany({ where: { fhirRef: { in: alone } } });
      for (const row of rows) {
        if (found.has(row.fhirRef)) continue;
        const role = roleOfType(typeOf(row.fhirRef as FhirRef));
        found.set(row.fhirRef, { participant: toParticipant(row), role });
      }
    }
    return [...found.values()];
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
