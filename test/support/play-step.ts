import { type CareConversation, startCareConversation } from './care-conversation';
import type { StackOptions } from '../../deploy/local/src/stack';

/** A play on real servers, step by step; when a step fails, the logs of the servers are kept. */
export interface Play {
  readonly scene: CareConversation;
  readonly step: (name: string, play: () => Promise<void>) => void;
}

/** To be called once, at the top of a test file. `scene` can be used within steps. */
export function playConversation(settings: NonNullable<StackOptions['settings']>): Play {
  let scene: CareConversation | undefined;
  let allPassed = true;
  beforeAll(async () => {
    scene = await startCareConversation({ settings });
  }, 180_000);
  afterAll(() => scene?.stop(allPassed ? 'succeeded' : 'failed'), 60_000);
  return {
    get scene() {
      if (!scene) throw new Error('The play has not begun');
      return scene;
    },
    step: (name, play) =>
      it(
        name,
        async () => {
          try {
            await play();
          } catch (error) {
            allPassed = false;
            throw error;
          }
        },
        120_000,
      ),
  };
}
