/** Somewhere that patient data must not be, and what is there. */
export interface Place {
  readonly name: string;
  /** What is there, in pieces: lines, rows, headers. */
  readonly read: () => Promise<readonly string[]>;
  /** Fewer pieces than this mean that the look has failed, or came too early. */
  readonly atLeast: number;
  /** Canaries that may be there, and how often. */
  readonly allowed?: Readonly<Record<string, number>>;
}

/** What came of a look at one place. */
export interface Look {
  readonly place: string;
  readonly pieces: number;
  readonly bytes: number;
  /** Empty when all is well. */
  readonly problems: readonly string[];
}

/**
 * Looks for the canaries in one place: as they are, in any case, and as bytes in hexadecimal, which is how a database
 * shows them. A place that cannot be read, or holds less than it must, is a problem as well.
 */
export async function lookAt(place: Place, canaries: readonly string[]): Promise<Look> {
  let pieces: readonly string[];
  try {
    pieces = await place.read();
  } catch (error) {
    return { place: place.name, pieces: 0, bytes: 0, problems: [`could not be read: ${String(error)}`] };
  }
  const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  const few = pieces.length < place.atLeast || (place.atLeast > 0 && bytes === 0);
  const problems = few ? [`holds ${pieces.length} pieces, not ${place.atLeast}`] : [];
  for (const canary of canaries) {
    const found = pieces.filter((piece) => holds(piece, canary));
    if (found.length > (place.allowed?.[canary] ?? 0)) {
      problems.push(`“${canary}” ${found.length} times, first in: ${around(found[0]!, canary)}`);
    }
  }
  return { place: place.name, pieces: pieces.length, bytes, problems };
}

/** A table of the looks, for people. */
export function tableOf(looks: readonly Look[]): string {
  const rows = looks.map(({ place, pieces, bytes, problems }) => [
    place,
    String(pieces),
    String(bytes),
    problems.length === 0 ? 'nothing found' : problems.join('; '),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(([place, pieces, bytes, result]) =>
      [place!.padEnd(widths[0]!), pieces!.padStart(widths[1]!), bytes!.padStart(widths[2]!), result].join(
        '  ',
      ),
    )
    .join('\n');
}

export function holds(piece: string, canary: string): boolean {
  const text = piece.toLowerCase();
  return [canary, Buffer.from(canary).toString('hex'), encodeURIComponent(canary)].some((form) =>
    text.includes(form.toLowerCase()),
  );
}

function around(piece: string, canary: string): string {
  const at = Math.max(0, piece.toLowerCase().indexOf(canary.toLowerCase()));
  return piece.slice(Math.max(0, at - 80), at + 80);
}
