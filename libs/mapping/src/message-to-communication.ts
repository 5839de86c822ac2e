import { EventId, FhirRef, MatrixEvent, UserId, typeOf } from '@bridge/contracts';
import type {
  CareTeam,
  CodeableConcept,
  Communication,
  Encounter,
  Patient,
  Reference,
} from '@medplum/fhirtypes';
import { isClinicalType } from './clinical/clinical-resource';
import { fromMatrix, systems } from './fhir-systems';
import type { MessageContent } from './message-content';
import { referenceTo } from './reference-to';

/** What the bridge knows of the Room an event was said in, and of what and whom the event names. */
export interface MessageContext {
  /** A CommunicationRequest, or a CareTeam for its general room. */
  readonly conversation: FhirRef;
  readonly subject: FhirRef | null;
  readonly encounter: FhirRef | null;
  readonly parties: readonly FhirRef[];
  /** The sender's resource; undefined: somebody the record does not know. */
  readonly sender: FhirRef | undefined;
  readonly inResponseTo: FhirRef | undefined;
  /** The resource that began the thread. */
  readonly threadRoot: FhirRef | undefined;
  /** Members whom the message names. */
  readonly mentioned: readonly FhirRef[];
  /** Where a message names the request of its conversation. */
  readonly requestIn: RequestIn;
  /** Our server name, for meta.source. */
  readonly serverName: string;
}

/** `part-of` as the OZO profiles demand it; R4 itself has `basedOn` for a request that is fulfilled. */
export type RequestIn = 'part-of' | 'based-on' | 'both';

/** The last instant that FHIR can write (four digits of year); Matrix allows a sender to claim a later one. */
const lastFhirInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The record of a Matrix message. To be created only if none has its identifier yet. */
export function toCommunication(
  event: MatrixEvent,
  { payload, missing }: MessageContent,
  context: MessageContext,
): Communication {
  const { basedOn, partOf } = whatItBelongsTo(context);
  const recipients = recipientsOf(context);
  return {
    resourceType: 'Communication',
    meta: {
      source: `urn:fhir-matrix-bridge:${context.serverName}`,
      tag: [{ system: systems.bridgeTag, code: fromMatrix }],
    },
    identifier: [{ system: systems.eventId, value: event.event_id }],
    status: 'completed',
    category: [categoryOf(event)],
    medium: [written],
    // FHIR allows no empty list.
    ...(basedOn.length > 0 ? { basedOn } : {}),
    ...(partOf.length > 0 ? { partOf } : {}),
    ...answered(context.inResponseTo),
    ...(context.subject ? { subject: referenceTo<Patient>(context.subject) } : {}),
    ...(context.encounter ? { encounter: referenceTo<Encounter>(context.encounter) } : {}),
    sender: whoIs(event.sender, context.sender) as Communication['sender'],
    ...(recipients.length > 0 ? { recipient: recipients } : {}),
    ...(event.origin_server_ts <= lastFhirInstant
      ? { sent: new Date(event.origin_server_ts).toISOString() }
      : {}),
    payload,
    ...(missing ? { note: [{ text: missing.note }] } : {}),
  };
}

/** `identifier=…` for the conditional create: one event, one Communication. */
export function identifierQuery(eventId: EventId): string {
  return `identifier=${encodeURIComponent(`${systems.eventId}|${eventId}`)}`;
}

/** A person in the record: by their resource, or by their Matrix id where the record does not know them. */
export function whoIs(userId: UserId, resource: FhirRef | undefined): Reference {
  if (resource) return referenceTo(resource);
  return { identifier: { system: systems.matrixUserId, value: userId }, display: userId };
}

/**
 * Only a Communication can be answered (FHIR R4, Communication.inResponseTo): who answers the first message of a
 * conversation answers its CommunicationRequest, which `partOf` names, and who answers a line about anything else in the
 * record talks about that.
 */
function answered(ref: FhirRef | undefined): Pick<Communication, 'inResponseTo' | 'about'> {
  if (!ref || typeOf(ref) === 'CommunicationRequest') return {};
  return isClinicalType(typeOf(ref))
    ? { about: [referenceTo(ref)] }
    : { inResponseTo: [referenceTo<Communication>(ref)] };
}

/** The request of its conversation, which a care team's general room has not, and the message that began its thread. */
function whatItBelongsTo({ conversation, threadRoot, requestIn }: MessageContext) {
  const request = typeOf(conversation) === 'CareTeam' ? [] : [conversation];
  const thread = threadRoot && threadRoot !== conversation ? [threadRoot] : [];
  return {
    basedOn: (requestIn === 'part-of' ? [] : request).map((ref) => referenceTo(ref)),
    partOf: [...(requestIn === 'based-on' ? [] : request), ...thread].map((ref) => referenceTo(ref)),
  };
}

/** Everything that is bridged is written (R4, v3-ParticipationMode); what was spoken is a file beside it. */
const written: CodeableConcept = {
  coding: [{ system: systems.participationMode, code: 'WRITTEN', display: 'written' }],
};

/** People say messages; what a program posts is a notice in Matrix, and a notification in FHIR. */
function categoryOf({ content }: MatrixEvent): CodeableConcept {
  return content.msgtype === 'm.notice'
    ? { coding: [{ system: systems.communicationCategory, code: 'notification', display: 'Notification' }] }
    : { coding: [{ system: systems.category, code: 'message', display: 'Message' }] };
}

/**
 * The care teams that take part, or the other parties where there are none; and whoever is mentioned. The team in whose
 * Space the Room is need not be one of them.
 */
function recipientsOf({ parties, sender, mentioned }: MessageContext) {
  const teams = parties.filter((party) => typeOf(party) === 'CareTeam');
  const usual = teams.length > 0 ? teams : parties.filter((party) => party !== sender);
  return [...new Set([...usual, ...mentioned])].map((ref) => referenceTo<CareTeam>(ref));
}
