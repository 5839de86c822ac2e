import { Random } from '../support/random';
import { type FaultFamily, type FaultKind, faultKinds } from './fault-kinds';
import { everyMs } from './fault-plan';

/** How much a run does. */
export interface RunSize {
  /** Which faults there are. */
  readonly kinds: readonly FaultKind[];
  /** For so long faults begin, milliseconds. */
  readonly durationMs: number;
  /** Conversations. */
  readonly rooms: number;
  /** From one comparison of a Room with what arrived to the next, milliseconds. */
  readonly compareEveryMs: number;
}

/** All kinds of fault. */
export function fullRun(minutes: number, rooms: number): RunSize {
  return { kinds: faultKinds, durationMs: minutes * 60_000, rooms, compareEveryMs: 60_000 };
}

/** One kind of each family, once: what is over in three minutes, with all that has to be started. */
export function shortRun(seed: number): RunSize {
  const random = new Random(seed);
  const families = new Map<FaultFamily, FaultKind[]>();
  for (const kind of faultKinds) families.set(kind.family, [...(families.get(kind.family) ?? []), kind]);
  const kinds = [...families.values()].map((family) => random.pick(family));
  return { kinds, durationMs: kinds.length * everyMs, rooms: 8, compareEveryMs: 10_000 };
}
