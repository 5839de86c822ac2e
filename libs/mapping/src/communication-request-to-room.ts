import { FhirRef, Language, parseFhirRef, typeOf } from '@bridge/contracts';
import type { CommunicationRequest, Reference } from '@medplum/fhirtypes';
import { systems } from './fhir-systems';
import { MessagePart, readPayload } from './payload-to-content';
import { instantOf, refOf, versionAtOf } from './resource-facts';
import { textsIn } from './texts/texts';

export interface CommunicationRequestReading {
  readonly conversation: FhirRef;
  /** The care teams among the parties. */
  readonly careTeams: readonly FhirRef[];
  readonly subject: FhirRef | null;
  readonly encounter: FhirRef | null;
  /** Recipients, the team that sends it, requester and sender, as referenced, each once. */
  readonly parties: readonly FhirRef[];
  /** Members may post. */
  readonly open: boolean;
  readonly name: string;
  readonly versionAt: Date;
  /** Its first messages were said in error: they are taken back. */
  readonly takenBack: boolean;
  /** Who says the first messages. */
  readonly author: FhirRef | undefined;
  readonly messages: readonly MessagePart[];
  /** An instant; undefined where the resource says a day only, or nothing. */
  readonly sent: string | undefined;
}

/**
 * What a CommunicationRequest says about its Room.
 * @param nameFromTopic whether the topic may be shown as the Room's name: it can tell about the patient
 * @param language of the name that it has otherwise
 */
export function readCommunicationRequest(
  request: CommunicationRequest,
  nameFromTopic: boolean,
  language: Language,
): CommunicationRequestReading {
  const author = parseFhirRef(request.sender?.reference) ?? parseFhirRef(request.requester?.reference);
  const named = [...(request.recipient ?? []), ...senderTeamsOf(request), request.requester, request.sender];
  const parties = [
    ...new Set(
      named.map((reference) => parseFhirRef(reference?.reference)).filter((ref) => ref !== undefined),
    ),
  ];
  const conversation = refOf(request);
  return {
    conversation,
    careTeams: parties.filter((party) => typeOf(party) === 'CareTeam'),
    subject: parseFhirRef(request.subject?.reference) ?? null,
    encounter: parseFhirRef(request.encounter?.reference) ?? null,
    parties,
    open: request.status === 'draft' || request.status === 'active',
    name: nameOf(request, nameFromTopic, language),
    versionAt: versionAtOf(request),
    takenBack: request.status === 'entered-in-error',
    author,
    messages: readPayload(conversation, request.payload),
    sent: instantOf(request.authoredOn),
  };
}

/** R4 allows no team as sender: the OZO profiles name it in an extension, beside the person who writes. */
function senderTeamsOf({ extension = [] }: CommunicationRequest): (Reference | undefined)[] {
  return extension
    .filter(({ url }) => url === systems.senderCareTeam)
    .map(({ valueReference }) => valueReference);
}

function nameOf(request: CommunicationRequest, nameFromTopic: boolean, language: Language): string {
  const topic = request.reasonCode?.[0]?.text ?? request.category?.[0]?.text;
  if (nameFromTopic && topic) return topic;
  const day = (request.authoredOn ?? versionAtOf(request).toISOString()).slice(0, 10);
  return `${textsIn(language).names.conversation} · ${day}`;
}
