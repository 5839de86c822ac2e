/** Told when a step begins (`ms` is 0) and when it is done. */
export type OnStep = (name: string, state: 'start' | 'done', ms: number) => void;

/** Runs `work` as the step `name`, reporting its begin and, when it succeeds, its end and duration. */
export async function timedStep<T>(onStep: OnStep, name: string, work: () => Promise<T>): Promise<T> {
  onStep(name, 'start', 0);
  const begin = performance.now();
  const result = await work();
  onStep(name, 'done', performance.now() - begin);
  return result;
}
