import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChaosStack } from './chaos-stack';
import type { FaultKind } from './fault-kinds';
import type { PlannedFault } from './fault-plan';

/** A fault as it was; performance.now() of its begin and of when all served again. */
export interface PastFault {
  readonly name: string;
  readonly target: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Does every fault of the plan at its time, or, where the last one on the same target is not mended yet, right after that.
 * @param tell hears of each fault as it begins
 * @returns when the last one is mended
 * @throws Error when something cannot be mended
 */
export async function runCampaign(
  stack: ChaosStack,
  plan: readonly PlannedFault<FaultKind>[],
  signal: AbortSignal,
  tell: (fault: PlannedFault) => void,
): Promise<PastFault[]> {
  setMaxListeners(0, signal);
  const beginMs = performance.now();
  const past: PastFault[] = [];
  const mended = new Map<string, Promise<void>>();
  const faults = plan.map((fault) => {
    const { kind, target, atMs, forMs } = fault;
    const before = mended.get(target);
    const run = (async () => {
      await wait(beginMs + atMs - performance.now(), undefined, { signal });
      await before;
      const fromMs = performance.now();
      tell(fault);
      await kind.inflict(stack, target, () => wait(forMs, undefined, { signal }));
      past.push({ name: kind.name, target, fromMs, toMs: performance.now() });
    })();
    mended.set(target, run);
    return run;
  });
  await Promise.all(faults);
  return past;
}
