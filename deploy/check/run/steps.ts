type Test = (name: string, play: () => Promise<void>, withinMs: number) => void;

/** Tests of a file that build on each other: what comes after one that failed fails as well, and at once. */
export function steps(it: Test): {
  step: (name: string, play: () => Promise<void>, withinMs?: number) => void;
  /** Whether a step has failed, or has not come to its end. */
  hasFailed: () => boolean;
} {
  let broken: string | undefined;
  return {
    step(name, play, withinMs = 120_000) {
      const playOrSkip = async (): Promise<void> => {
        if (broken) throw new Error(`Not tried, since “${broken}” has failed`);
        broken = name; // until it has succeeded: jest does not say when a test takes too long
        await play();
        broken = undefined;
      };
      it(name, playOrSkip, withinMs);
    },
    hasFailed: () => broken !== undefined,
  };
}
