import { EventId, FhirRef, RoomId } from '@bridge/contracts';
import type { CareTeam, CommunicationRequest, Patient, Practitioner } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';
import { fromMatrix, systems } from './fhir-systems';
import { referenceTo } from './reference-to';

/** A conversation that somebody opened in Matrix. */
export interface NewConversation {
  readonly careTeam: FhirRef;
  readonly subject: FhirRef | null;
  /** Who opened it, as the record knows them. */
  readonly requester: FhirRef;
  readonly topic: string | undefined;
  /** The command's event, or the Room that was made. */
  readonly identifier: EventId | RoomId;
  readonly startedAt: Date;
  /** Our server name, for meta.source. */
  readonly serverName: string;
}

/** The record of a conversation that was opened in Matrix. To be created only if none has its identifier yet. */
export function toCommunicationRequest(conversation: NewConversation): CommunicationRequest {
  const { careTeam, subject, requester, identifier, startedAt, serverName } = conversation;
  const topic = conversation.topic === undefined ? undefined : fhirString(conversation.topic);
  const person = referenceTo<Practitioner>(requester);
  return {
    resourceType: 'CommunicationRequest',
    meta: {
      source: `urn:fhir-matrix-bridge:${serverName}`,
      tag: [{ system: systems.bridgeTag, code: fromMatrix }],
    },
    identifier: [{ system: systemOf(identifier), value: identifier }],
    status: 'active',
    ...(subject ? { subject: referenceTo<Patient>(subject) } : {}),
    requester: person,
    sender: person,
    recipient: [referenceTo<CareTeam>(careTeam)],
    ...(topic ? { reasonCode: [{ text: topic }] } : {}),
    authoredOn: startedAt.toISOString(),
  };
}

/** `identifier=…` for the conditional create: one command or Room, one CommunicationRequest. */
export function requestQuery(identifier: EventId | RoomId): string {
  return `identifier=${encodeURIComponent(`${systemOf(identifier)}|${identifier}`)}`;
}

/**
 * The Room that was there before its request, for a conversation that began with a Room made in Matrix.
 * It is in the resource, so that whoever reads it first, be it the pull, binds it to that Room and makes no other.
 */
export function adoptedRoomOf({ meta, identifier }: CommunicationRequest): RoomId | undefined {
  const isOurs = meta?.tag?.some(({ system, code }) => system === systems.bridgeTag && code === fromMatrix);
  const value = identifier?.find(({ system }) => system === systems.roomId)?.value;
  return isOurs ? RoomId.safeParse(value).data : undefined;
}

/** The request of a conversation that somebody closed in Matrix; undefined when it is over already. */
export function archivedRequest(request: CommunicationRequest): CommunicationRequest | undefined {
  const isOver = ['completed', 'revoked', 'entered-in-error'].includes(request.status);
  return isOver ? undefined : { ...request, status: 'completed' };
}

function systemOf(identifier: EventId | RoomId): string {
  return identifier.startsWith('!') ? systems.roomId : systems.eventId;
}
