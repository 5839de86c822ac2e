import type { Communication } from '@medplum/fhirtypes';
import type { FhirApi } from '../fhir-api';
import type { MatrixUser, SeenEvent } from '../matrix-user';

const eventIdSystem = 'https://matrix.org/event-id';

/** How the two sides of a conversation compare, read back from both servers. */
export interface Comparison {
  readonly inMatrix: number;
  readonly inFhir: number;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  /** Pairs that stand in another order on the other side. */
  readonly disordered: readonly string[];
}

/**
 * Compares what was said in Matrix with the record, and what was written in FHIR with the room.
 * @param reader a member of the Room
 * @param said bodies of the messages sent in Matrix and written in FHIR, each in the order in which it was said
 */
export async function compareSides(
  fhir: FhirApi,
  reader: MatrixUser,
  roomId: string,
  requestId: string,
  said: { readonly inMatrix: readonly string[]; readonly inFhir: readonly string[] },
): Promise<Comparison> {
  const messages = (await reader.history(roomId)).filter(({ type }) => type === 'm.room.message');
  const communications = await fhir.search<Communication>('Communication', {
    'part-of': `CommunicationRequest/${requestId}`,
  });
  const recorded = communications
    .filter(isFromMatrix)
    .sort((a, b) => (a.meta?.lastUpdated ?? '').localeCompare(b.meta?.lastUpdated ?? ''));
  const toMatrix = compare(
    said.inFhir,
    messages.filter(isFromFhir).map(({ content }) => String(content.body)),
  );
  const toFhir = compare(
    said.inMatrix,
    recorded.map(({ payload }) => payload?.[0]?.contentString ?? ''),
  );
  return {
    inMatrix: messages.length,
    inFhir: communications.length,
    lost: [...toMatrix.lost, ...toFhir.lost],
    duplicated: [...toMatrix.duplicated, ...toFhir.duplicated],
    disordered: [...toMatrix.disordered, ...toFhir.disordered],
  };
}

/** The Matrix event that a Communication is the record of. */
export function eventIdOf(communication: Communication): string | undefined {
  return communication.identifier?.find(({ system }) => system === eventIdSystem)?.value;
}

/** Whether the bridge recorded it: what was written in FHIR bears its event as well, but not the bridge's mark. */
export function isFromMatrix({ meta }: Communication): boolean {
  return meta?.tag?.some(({ code }) => code === 'from-matrix') ?? false;
}

/** Whether a ghost said it. */
export function isFromFhir(event: Pick<SeenEvent, 'content'>): boolean {
  return 'nl.fhir-bridge.source' in event.content;
}

function compare(expected: readonly string[], found: readonly string[]) {
  const lost = expected.filter((body) => !found.includes(body));
  const duplicated = found.filter((body, index) => found.indexOf(body) !== index);
  const order = found.filter((body) => expected.includes(body)).map((body) => expected.indexOf(body));
  const disordered = order.flatMap((position, index) =>
    index > 0 && position < order[index - 1]!
      ? [`${expected[order[index - 1]!]} before ${expected[position]}`]
      : [],
  );
  return { lost, duplicated, disordered };
}
