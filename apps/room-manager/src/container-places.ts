import { Injectable } from '@nestjs/common';
import { FhirRef, RoomId } from '@bridge/contracts';
import { CareTeamSpace, CareTeamStore, ConversationStore, Member } from '@bridge/persistence';

/** A Space or Room that there is, and who belongs in it. */
export interface ContainerPlace {
  readonly kind: 'space' | 'room';
  /** Whose: a CareTeam or a conversation. */
  readonly container: FhirRef;
  readonly roomId: RoomId;
  readonly members: readonly Member[];
  readonly sealedSubject: Uint8Array | null;
}

/** Finds Spaces and Rooms, by what they are of and by their id. */
@Injectable()
export class ContainerPlaces {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly conversations: ConversationStore,
  ) {}

  async find(kind: ContainerPlace['kind'], container: FhirRef): Promise<ContainerPlace | undefined> {
    return kind === 'space' ? this.space(container) : this.room(container);
  }

  /** @returns undefined for a room that is none of the bridge's, or is not any more */
  async at(roomId: RoomId): Promise<ContainerPlace | undefined> {
    const careTeam = await this.careTeams.ofSpace(roomId);
    const conversation = careTeam ? undefined : await this.conversations.ofRoom(roomId);
    const place = careTeam ? spaceOf(careTeam) : conversation && (await this.room(conversation.conversation));
    return place?.roomId === roomId ? place : undefined;
  }

  private async space(container: FhirRef): Promise<ContainerPlace | undefined> {
    const careTeam = await this.careTeams.find(container);
    return careTeam && spaceOf(careTeam);
  }

  private async room(container: FhirRef): Promise<ContainerPlace | undefined> {
    const conversation = await this.conversations.find(container);
    if (!conversation?.roomId) return undefined;
    const careTeam = conversation.careTeam ? await this.careTeams.find(conversation.careTeam) : undefined;
    const members = await this.conversations.members(conversation);
    const sealedSubject = careTeam?.sealedSubject ?? null;
    return { kind: 'room', container, roomId: conversation.roomId, members, sealedSubject };
  }
}

function spaceOf(careTeam: CareTeamSpace): ContainerPlace | undefined {
  const { careTeam: container, spaceId, members, sealedSubject } = careTeam;
  return spaceId ? { kind: 'space', container, roomId: spaceId, members, sealedSubject } : undefined;
}
