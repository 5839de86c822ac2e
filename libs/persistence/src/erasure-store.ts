import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId, UserId, serverOf, typeOf } from '@bridge/contracts';
import { Database } from './database';

/** What is known of a patient, by its names. */
export interface PatientTraces {
  readonly careTeams: readonly FhirRef[];
  /** Those of the care teams, and those about the patient without a team. */
  readonly conversations: readonly FhirRef[];
  /** Of these, the ones that the record has not ended: what is erased of them would come back. */
  readonly open: readonly FhirRef[];
  /** Spaces and Rooms, present and former. */
  readonly rooms: readonly RoomId[];
  /** The patient and related persons, as far as they take part in nothing else. */
  readonly persons: readonly FhirRef[];
  /** The ghosts of these that the homeserver knows. */
  readonly ghosts: readonly UserId[];
  /** Homeservers of people who are, or were, in the Spaces and Rooms. */
  readonly servers: readonly string[];
  readonly messages: number;
}

type Conversation = { readonly conversation: string; readonly parties: readonly string[] };

/** Long enough for a conversation of many years. */
const timeoutMs = 120_000;

/** What the database holds because of one patient. The audit is not part of it: it is kept. */
@Injectable()
export class ErasureStore {
  constructor(private readonly database: Database) {}

  async find(patient: FhirRef): Promise<PatientTraces> {
    const { careTeamSpace, conversationRoom, messageLink, roomMembership } = this.database.client;
    const teams = await careTeamSpace.findMany({
      where: { subject: patient },
      orderBy: { careTeam: 'asc' },
    });
    const careTeams = teams.map(({ careTeam }) => careTeam as FhirRef);
    const rows = await conversationRoom.findMany({
      where: { OR: [{ subject: patient }, { careTeam: { in: careTeams } }] },
      orderBy: { conversation: 'asc' },
    });
    const rooms = [
      ...teams.flatMap(({ spaceId, formerSpaceIds }) => [spaceId, ...formerSpaceIds]),
      ...rows.flatMap(({ roomId, formerRoomIds }) => [roomId, ...formerRoomIds]),
    ].filter((room) => room !== null) as RoomId[];
    const persons = await this.personsOnlyIn(patient, careTeams, rows);
    const members = await roomMembership.findMany({
      where: { roomId: { in: rooms } },
      distinct: ['userId'],
      select: { userId: true },
    });
    const conversations = rows.map(({ conversation }) => conversation as FhirRef);
    // A care team's own conversation ends with the team.
    const openConversations = rows.filter(
      ({ open, conversation, careTeam }) => open && conversation !== careTeam,
    );
    return {
      careTeams,
      conversations,
      open: [
        ...teams.filter(({ open }) => open).map(({ careTeam }) => careTeam as FhirRef),
        ...openConversations.map(({ conversation }) => conversation as FhirRef),
      ],
      rooms,
      persons: persons.map(({ fhirRef }) => fhirRef as FhirRef),
      ghosts: persons.filter(({ ghostReady }) => ghostReady).map(({ ghostUserId }) => ghostUserId as UserId),
      servers: [...new Set(members.map(({ userId }) => serverOf(userId as UserId)))].sort(),
      messages: await messageLink.count({ where: { conversation: { in: conversations } } }),
    };
  }

  /** All of it or nothing. Repeating it changes nothing. */
  async erase({ careTeams, conversations, rooms, persons, ghosts }: PatientTraces): Promise<void> {
    const inRooms = { where: { roomId: { in: [...rooms] } } };
    const ofConversations = { where: { conversation: { in: [...conversations] } } };
    const ofPersons = { where: { fhirRef: { in: [...persons] } } };
    const keys = [...careTeams, ...conversations, ...rooms];
    await this.database.transaction(
      async (transaction) => {
        await transaction.$executeRaw`
          DELETE FROM reaction_link WHERE fhir_ref IN (
            SELECT fhir_ref FROM message_link WHERE conversation = ANY(${[...conversations]}::text[]))`;
        await transaction.messageLink.deleteMany(ofConversations);
        await transaction.handledEvent.deleteMany(inRooms);
        await transaction.roomCheckpoint.deleteMany(inRooms);
        await transaction.deliveryMark.deleteMany(inRooms);
        await transaction.toldOnce.deleteMany(inRooms);
        await transaction.roomMembership.deleteMany({
          where: { OR: [inRooms.where, { userId: { in: [...ghosts] } }] },
        });
        await transaction.parkedConversation.deleteMany({ where: { key: { in: keys } } });
        await transaction.conversationRoom.deleteMany(ofConversations);
        const ofTeams = { in: [...careTeams] };
        await transaction.nestedCareTeam.deleteMany({
          where: { OR: [{ careTeam: ofTeams }, { nested: ofTeams }] },
        });
        await transaction.careTeamSpace.deleteMany({ where: { careTeam: ofTeams } }); // with its members
        await transaction.accountOverride.deleteMany(ofPersons);
        await transaction.participant.deleteMany(ofPersons);
      },
      { timeout: timeoutMs },
    );
  }

  /** Practitioners stay: they are known for their work, whoever the patient is. */
  private async personsOnlyIn(
    patient: FhirRef,
    careTeams: FhirRef[],
    conversations: readonly Conversation[],
  ) {
    const { careTeamMember, conversationRoom, participant } = this.database.client;
    const members = await careTeamMember.findMany({ where: { careTeam: { in: careTeams } } });
    const named = [
      ...members.map(({ person }) => person),
      ...conversations.flatMap(({ parties }) => parties),
    ].filter((ref) => typeOf(ref as FhirRef) === 'RelatedPerson');
    const persons = await participant.findMany({
      where: {
        fhirRef: { in: [...new Set([patient, ...named])] },
        memberships: { none: { careTeam: { notIn: careTeams } } },
      },
      orderBy: { fhirRef: 'asc' },
    });
    const elsewhere = await conversationRoom.findMany({
      where: {
        conversation: { notIn: conversations.map(({ conversation }) => conversation) },
        parties: { hasSome: persons.map(({ fhirRef }) => fhirRef) },
      },
      select: { parties: true },
    });
    const others = new Set(elsewhere.flatMap(({ parties }) => parties));
    return persons.filter(({ fhirRef }) => !others.has(fhirRef));
  }
}
