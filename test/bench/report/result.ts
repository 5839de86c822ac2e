/** What a figure is to reach, against the figure that it stands beside (`limit`). */
export type Goal =
  | { readonly kind: 'ratio at least'; readonly bound: number }
  | { readonly kind: 'ratio at most'; readonly bound: number }
  /** Not more than the limit and this, in the unit of the figure. */
  | { readonly kind: 'added at most'; readonly bound: number }
  /** The limit is the goal. */
  | { readonly kind: 'at most the limit' };

/** What a benchmark measured. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The same without the bridge, or the most that is allowed; null where there is neither. */
  readonly limit: number | null;
  /** Others who do the same. */
  readonly peers?: Readonly<Record<string, number>>;
  /** Not given: told, and not judged. */
  readonly goal?: Goal;
}

/** A figure as it is kept in `latest.json`. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly limit: number | null;
  readonly ratio: number | null;
  readonly goal: string | null;
  readonly met: boolean | null;
  readonly peers: Readonly<Record<string, number>>;
}

/** Judges a figure by its goal. What is kept is rounded, what is judged is not. */
export function resultOf({ name, unit, ours, limit, peers = {}, goal }: Figure): Result {
  const ratio = limit === null || limit === 0 ? null : ours / limit;
  return {
    name,
    unit,
    ours: rounded(ours),
    limit: limit === null ? null : rounded(limit),
    ratio: ratio === null ? null : Number(ratio.toFixed(2)),
    goal: goal ? wordsOf(goal, unit, limit) : null,
    met: goal ? isMet(goal, ours, limit) : null,
    peers: Object.fromEntries(Object.entries(peers).map(([peer, value]) => [peer, rounded(value)])),
  };
}

function isMet(goal: Goal, ours: number, limit: number | null): boolean {
  // Without something to stand beside, nothing is reached.
  if (limit === null) return false;
  switch (goal.kind) {
    case 'ratio at least':
      return ours >= goal.bound * limit;
    case 'ratio at most':
      return ours <= goal.bound * limit;
    case 'added at most':
      return ours - limit <= goal.bound;
    case 'at most the limit':
      return ours <= limit;
  }
}

function wordsOf(goal: Goal, unit: string, limit: number | null): string {
  switch (goal.kind) {
    case 'ratio at least':
      return `ratio >= ${goal.bound}`;
    case 'ratio at most':
      return `ratio <= ${goal.bound}`;
    case 'added at most':
      return `limit + ${goal.bound} ${unit}`;
    case 'at most the limit':
      return `<= ${limit} ${unit}`;
  }
}

/** Three digits that count; more would be noise. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
