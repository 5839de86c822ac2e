import { EventId, FhirRef, parseFhirRef, typeOf } from '@bridge/contracts';
import type { Communication } from '@medplum/fhirtypes';
import { fromMatrix, systems } from './fhir-systems';
import { MessagePart, readPayload } from './payload-to-content';
import { instantOf, refOf, versionAtOf, versionIdOf } from './resource-facts';

export interface CommunicationReading {
  readonly source: FhirRef;
  readonly version: string;
  readonly versionAt: Date;
  /** The CommunicationRequest it is part of. */
  readonly request: FhirRef | null;
  /** Without a request: the care team it is addressed to, or whom it is about. */
  readonly careTeam: FhirRef | null;
  readonly subject: FhirRef | null;
  readonly author: FhirRef;
  readonly messages: readonly MessagePart[];
  readonly inReplyTo: FhirRef | undefined;
  /** The Communication that it is part of: a thread. */
  readonly thread: FhirRef | undefined;
  /** Those it is addressed to by themselves, as referenced; not the care team. */
  readonly addressees: readonly FhirRef[];
  /** An instant; undefined where the resource says a day only, or nothing. */
  readonly sent: string | undefined;
}

/** Why a Communication makes no message. What it said before is taken back where it has no content (any more). */
export type NoMessage = 'echo' | 'not-sent-yet' | 'taken-back' | 'no-author' | 'no-content';

/** Resource types that stand for one person. */
const persons = new Set(['Practitioner', 'PractitionerRole', 'RelatedPerson', 'Patient']);

/** On which side a message was first said. */
export type Origin = 'fhir' | 'matrix';

/**
 * What a Communication says in its Room, or why it says nothing. `not-done` tells that it was never said: what Matrix
 * has of it is taken back. The other states before and beside `completed` change nothing there.
 */
export function readCommunication(
  communication: Communication,
  origin: Origin,
): CommunicationReading | NoMessage {
  if (communication.status === 'entered-in-error') return 'taken-back';
  if (origin === 'matrix') return 'echo';
  if (communication.status === 'not-done') return 'taken-back';
  if (communication.status !== 'completed' && communication.status !== 'in-progress') return 'not-sent-yet';
  const author = parseFhirRef(communication.sender?.reference);
  if (!author) return 'no-author';
  const source = refOf(communication);
  const messages = readPayload(source, communication.payload);
  if (messages.length === 0) return 'no-content';
  return {
    source,
    version: versionIdOf(communication),
    versionAt: versionAtOf(communication),
    ...whereTo(communication),
    author,
    messages,
    inReplyTo: parseFhirRef(communication.inResponseTo?.[0]?.reference),
    thread: threadOf(communication),
    addressees: addresseesOf(communication),
    sent: instantOf(communication.sent),
  };
}

/** Where a Communication belongs. Also the ordering key of its conversation, so it needs no look-up. */
export function whereTo(
  communication: Communication,
): Pick<CommunicationReading, 'request' | 'careTeam' | 'subject'> {
  const refs = [...(communication.partOf ?? []), ...(communication.basedOn ?? [])].map(({ reference }) =>
    parseFhirRef(reference),
  );
  const recipients = (communication.recipient ?? []).map(({ reference }) => parseFhirRef(reference));
  return {
    request: refs.find((ref) => ref !== undefined && typeOf(ref) === 'CommunicationRequest') ?? null,
    careTeam: recipients.find((ref) => ref !== undefined && typeOf(ref) === 'CareTeam') ?? null,
    subject: parseFhirRef(communication.subject?.reference) ?? null,
  };
}

/** The Communication that it names as the whole it is part of, if any. */
export function threadOf(communication: Communication): FhirRef | undefined {
  return (communication.partOf ?? [])
    .map(({ reference }) => parseFhirRef(reference))
    .find((ref) => ref !== undefined && typeOf(ref) === 'Communication');
}

/**
 * On which side a Communication was first said, as far as it tells itself. Undefined: it names its event and bears no
 * mark of ours, so it is what was written in FHIR and said in Matrix, or the record of another bridge.
 */
export function originOf(communication: Communication): Origin | undefined {
  const { meta } = communication;
  if (meta?.tag?.some(({ system, code }) => system === systems.bridgeTag && code === fromMatrix))
    return 'matrix';
  return eventIdOf(communication) === undefined ? 'fhir' : undefined;
}

/**
 * A Communication that was written in FHIR, with the event that says it in Matrix.
 * @returns undefined when there is nothing to change: it names one already, or has been taken back
 */
export function withEventId(communication: Communication, eventId: EventId): Communication | undefined {
  const { identifier = [], status } = communication;
  if (status === 'entered-in-error' || identifier.some(({ system }) => system === systems.eventId))
    return undefined;
  return { ...communication, identifier: [...identifier, { system: systems.eventId, value: eventId }] };
}

/** The Matrix event that says the same as a Communication. */
export function eventIdOf(communication: Communication): EventId | undefined {
  const value = communication.identifier?.find(({ system }) => system === systems.eventId)?.value;
  return EventId.safeParse(value).data;
}

function addresseesOf({ recipient = [] }: Communication): FhirRef[] {
  const refs = recipient.map(({ reference }) => parseFhirRef(reference));
  return refs.filter((ref) => ref !== undefined && persons.has(typeOf(ref))) as FhirRef[];
}
