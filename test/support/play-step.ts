import { type CareConversation, startCareConversation } from './care-conversation';
import { outcomeOfSteps, step } from './step';
import type { StackOptions } from '../../deploy/local/src/stack';

/** A play on real servers, step by step; when a step fails, the logs of the servers are kept. */
export interface Play {
  readonly scene: CareConversation;
  readonly step: (name: string, play: () => Promise<void>) => void;
}

/** To be called once, at the top of a test file. `scene` can be used within steps. */
export function playConversation(options: StackOptions): Play {
  let scene: CareConversation | undefined;
  beforeAll(async () => {
    scene = await startCareConversation(options);
  }, 180_000);
  afterAll(() => scene?.stop(outcomeOfSteps()), 60_000);
  return {
    get scene() {
      if (!scene) throw new Error('The play has not begun');
      return scene;
    },
    step,
  };
}
