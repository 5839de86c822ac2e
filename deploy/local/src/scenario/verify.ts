import type { Communication } from '@medplum/fhirtypes';
import { eventIdSystem } from '../event-identifier';
import type { FhirApi } from '../fhir-api';
import type { MatrixUser } from '../matrix-user';
import { readBothSides } from './both-sides';

/** How the two sides of a conversation compare, read back from both servers. */
export interface Comparison {
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
  const sides = await readBothSides(fhir, reader, { roomId, requestId });
  const toMatrix = compare(said.inFhir, sides.shown);
  const toFhir = compare(said.inMatrix, sides.recorded);
  return {
    lost: [...toMatrix.lost, ...toFhir.lost],
    duplicated: [...toMatrix.duplicated, ...toFhir.duplicated],
    disordered: [...toMatrix.disordered, ...toFhir.disordered],
  };
}

/** The Matrix event that a Communication is the record of. */
export function eventIdOf(communication: Communication): string | undefined {
  return communication.identifier?.find(({ system }) => system === eventIdSystem)?.value;
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
