import type { Random } from '../support/random';

/** What a plan needs to know of a kind of fault. */
export interface PlannableFault {
  /** What the table calls it. */
  readonly name: string;
  /** What it can be done to, one of which is chosen; two faults never have the same one at the same time. */
  readonly targets: readonly string[];
  /** Shortest and longest duration, milliseconds. */
  readonly lastsMs: readonly [shortest: number, longest: number];
}

/** One fault at its time; milliseconds since the traffic began. */
export interface PlannedFault<Kind extends PlannableFault = PlannableFault> {
  readonly kind: Kind;
  readonly target: string;
  readonly atMs: number;
  readonly forMs: number;
}

/** From the begin of one fault to that of the next, on average, in milliseconds. Many last longer: they overlap. */
export const everyMs = 6_000;

/**
 * Which fault begins when, in the order of their begins: one in every six seconds, at a moment of them that nobody can
 * foresee. All kinds come before any comes again. The same `random` and kinds give the same plan.
 * @param durationMs in which faults begin; the last ones may end after it
 */
export function planFaults<Kind extends PlannableFault>(
  kinds: readonly Kind[],
  durationMs: number,
  random: Random,
): PlannedFault<Kind>[] {
  const plan: PlannedFault<Kind>[] = [];
  const freeFrom = new Map<string, number>();
  let round: Kind[] = [];
  for (let slotMs = 0; slotMs + everyMs <= durationMs; slotMs += everyMs) {
    if (round.length === 0) round = shuffled(kinds, random);
    const kind = round.pop()!;
    const wishedMs = slotMs + random.between(0, everyMs - 1);
    const target = freest(shuffled(kind.targets, random), freeFrom, wishedMs);
    const atMs = Math.max(wishedMs, freeFrom.get(target) ?? 0);
    const forMs = random.between(...kind.lastsMs);
    freeFrom.set(target, atMs + forMs + everyMs);
    plan.push({ kind, target, atMs, forMs });
  }
  return plan.sort((one, other) => one.atMs - other.atMs);
}

/** How many minutes it takes until each kind has come once. */
export function minutesForAll(kinds: readonly PlannableFault[]): number {
  return Math.ceil((kinds.length * everyMs) / 60_000);
}

/** One that no fault has at that time, or the one that is left alone first. */
function freest(targets: readonly string[], freeFrom: ReadonlyMap<string, number>, atMs: number): string {
  const since = (target: string): number => freeFrom.get(target) ?? 0;
  return (
    targets.find((target) => since(target) <= atMs) ??
    [...targets].sort((one, other) => since(one) - since(other))[0]!
  );
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(random.between(0, rest.length - 1), 1)[0]!);
}
