import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@bridge/audit';
import { EventId, FhirRef, MessageOf, RoomId } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { CareTeamStore, ConversationStore } from '@bridge/persistence';
import type { Invitation } from './inviter';

/** What of the record is shown in Matrix is shown here, and nothing of it without its row in the audit. */
@Injectable()
export class Disclosures {
  constructor(
    private readonly trail: AuditTrail,
    private readonly fhir: FhirClient,
    private readonly conversations: ConversationStore,
    private readonly careTeams: CareTeamStore,
  ) {}

  /** One message of one version of a resource, in one Room; an edit is another version. */
  async ofMessage(
    { conversation, source, version, part, author, file }: MessageOf<'command.send-message'>,
    room: RoomId,
    send: () => Promise<EventId>,
  ): Promise<EventId> {
    const stored = file?.url === undefined ? undefined : this.fhir.refAt(file.url);
    const deed = {
      key: `disclose ${source}/_history/${version}#${part} in ${room}`,
      told: 'once',
      deed: 'disclose',
      by: author,
      patient: await this.patientOf(conversation),
      what: stored && stored !== source ? [source, stored] : [source],
      room,
    } as const;
    return this.trail.around(deed, send, (event) => ({ event }));
  }

  /** The patient's pseudonym, in an invite to another homeserver. Who comes back is told it again. */
  async ofPseudonym(
    { container, roomId: room, userId: to }: Invitation,
    invite: () => Promise<void>,
  ): Promise<void> {
    const deed = {
      key: `invite ${to} to ${room}`,
      told: 'each-time',
      deed: 'disclose',
      to,
      patient: await this.patientOf(container),
      what: [container],
      room,
    } as const;
    await this.trail.around(deed, invite, () => ({}));
  }

  private async patientOf(container: FhirRef): Promise<FhirRef | undefined> {
    const { subject } =
      (await this.conversations.find(container)) ?? (await this.careTeams.find(container)) ?? {};
    return subject ?? undefined;
  }
}
