import { setTimeout } from 'node:timers/promises';
import { until } from '../../local/src/until';

/** Between two questions: many are programs of their own, which would keep what they ask from starting. */
const PAUSE_MS = 500;

/** What is waited for, and what to tell when it does not come. */
export interface Patient {
  readonly name: string;
  /** What it becomes, such as `healthy`. */
  readonly state: string;
  /** Milliseconds. */
  readonly within: number;
  /** What is wrong, or undefined. @throws Error when waiting is of no use */
  readonly ask: () => Promise<string | undefined>;
  readonly logTail: () => string;
}

/** Asks until nothing is wrong. @throws Error with the last answer and the end of the log, when that takes too long */
export async function untilWell({ name, state, within, ask, logTail }: Patient): Promise<void> {
  let problem: string | undefined;
  const isWell = async (): Promise<boolean> => {
    problem = await ask();
    if (problem !== undefined) await setTimeout(PAUSE_MS);
    return problem === undefined;
  };
  await until(`${name} to be ${state}`, isWell, within).catch((error: unknown) => {
    const told = [(error as Error).message, problem].filter((each) => each !== undefined);
    throw new Error(`${told.join(': ')}\n${logTail()}`, { cause: error });
  });
}

/**
 * Asks so many times in a row, as an engine does before it calls a container unhealthy.
 * @returns what was wrong each time, at last; undefined when it was well once
 */
export async function problemAfter(
  times: number,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  let problem: string | undefined;
  for (let time = 0; time < times; time += 1) {
    problem = await ask();
    if (problem === undefined) return undefined;
  }
  return problem;
}
