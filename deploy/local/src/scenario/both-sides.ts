import type { Communication } from '@medplum/fhirtypes';
import type { FhirApi } from '../fhir-api';
import type { MatrixUser, SeenEvent } from '../matrix-user';

/** A message as the bridge's homeserver has it. */
export interface RoomMessage {
  readonly eventId: string;
  readonly body: string;
}

/** What both servers hold of a conversation, each list in its server's own order; of the others the bodies. */
export interface BothSides {
  /** What people said in the Room, as the bridge's homeserver shows it. */
  readonly saidInRoom: readonly RoomMessage[];
  /** What the bridge recorded of it, as the record was written. */
  readonly recorded: readonly string[];
  /** What the bridge said in the Room. */
  readonly shown: readonly string[];
  /** When each of the bridge's own came to be there, by body: milliseconds since 1970 by the clock of its server. */
  readonly arrivedAt: ReadonlyMap<string, number>;
}

/** Reads both servers. @param reader has an account on the bridge's homeserver, and is in the Room */
export async function readBothSides(
  fhir: FhirApi,
  reader: MatrixUser,
  { roomId, requestId }: { readonly roomId: string; readonly requestId: string },
): Promise<BothSides> {
  const messages = (await reader.stored(roomId)).filter(({ type }) => type === 'm.room.message');
  const communications = await fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${requestId}`,
  });
  const records = communications
    .filter(isFromMatrix)
    .map(({ payload, meta }) => ({
      body: payload?.[0]?.contentString ?? '',
      at: Date.parse(meta?.lastUpdated ?? ''),
    }))
    .sort((one, other) => one.at - other.at);
  const shown = messages
    .filter(isFromFhir)
    .map((message) => ({ body: bodyOf(message), at: message.origin_server_ts }));
  return {
    saidInRoom: messages
      .filter((message) => !isFromFhir(message))
      .map((message) => ({ eventId: message.event_id, body: bodyOf(message) })),
    recorded: records.map(({ body }) => body),
    shown: shown.map(({ body }) => body),
    arrivedAt: new Map([...records, ...shown].map(({ body, at }) => [body, at])),
  };
}

function bodyOf({ content }: { content: Record<string, unknown> }): string {
  return String(content.body);
}

/** Whether the bridge recorded it: what was written in FHIR bears its event as well, but not the bridge's mark. */
function isFromMatrix({ meta }: Communication): boolean {
  return meta?.tag?.some(({ code }) => code === 'from-matrix') ?? false;
}

/** Whether a ghost said it. */
function isFromFhir(event: Pick<SeenEvent, 'content'>): boolean {
  return 'nl.fhir-bridge.source' in event.content;
}
