import { EventId, FhirRef, MatrixEvent, UserId, typeOf } from '@bridge/contracts';
import type { Communication, Reference } from '@medplum/fhirtypes';
import { isClinicalType } from './clinical/clinical-resource';
import { fromMatrix, systems } from './fhir-systems';
import type { MessageContent } from './message-content';

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
  /** Our server name, for meta.source. */
  readonly serverName: string;
}

/** The last instant that FHIR can write (four digits of year); Matrix allows a sender to claim a later one. */
const lastFhirInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The record of a Matrix message. To be created only if none has its identifier yet. */
export function toCommunication(
  event: MatrixEvent,
  { payload, missing }: MessageContent,
  context: MessageContext,
): Communication {
  const partOf = partsOf(context);
  const recipients = recipientsOf(context);
  return {
    resourceType: 'Communication',
    meta: {
      source: `urn:fhir-matrix-bridge:${context.serverName}`,
      tag: [{ system: systems.bridgeTag, code: fromMatrix }],
    },
    identifier: [{ system: systems.eventId, value: event.event_id }],
    status: 'completed',
    // FHIR allows no empty list.
    ...(partOf.length > 0 ? { partOf } : {}),
    ...answered(context.inResponseTo),
    ...(context.subject ? { subject: { reference: context.subject } } : {}),
    ...(context.encounter ? { encounter: { reference: context.encounter } } : {}),
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
  if (resource) return { reference: resource };
  return { identifier: { system: systems.matrixUserId, value: userId }, display: userId };
}

/**
 * Only a Communication can be answered (FHIR R4, Communication.inResponseTo): who answers the first message of a
 * conversation answers its CommunicationRequest, which `partOf` names, and who answers a line about anything else in the
 * record talks about that.
 */
function answered(ref: FhirRef | undefined): Pick<Communication, 'inResponseTo' | 'about'> {
  const type = ref && typeOf(ref);
  if (type === undefined || type === 'CommunicationRequest') return {};
  return isClinicalType(type) ? { about: [{ reference: ref }] } : { inResponseTo: [{ reference: ref }] };
}

function partsOf({ conversation, threadRoot }: MessageContext): Reference[] {
  return [conversation, threadRoot]
    .filter((ref, index, all) => ref !== undefined && all.indexOf(ref) === index)
    .filter((ref) => typeOf(ref!) !== 'CareTeam')
    .map((reference) => ({ reference }));
}

/**
 * The care teams that take part, or the other parties where there are none; and whoever is mentioned. The team in whose
 * Space the Room is need not be one of them.
 */
function recipientsOf({ parties, sender, mentioned }: MessageContext) {
  const teams = parties.filter((party) => typeOf(party) === 'CareTeam');
  const usual = teams.length > 0 ? teams : parties.filter((party) => party !== sender);
  return [...new Set([...usual, ...mentioned])].map((reference) => ({ reference }));
}
