import { type CareNetwork, setUpNetwork } from '../../deploy/local/src/scenario/network';
import { createCareTeam, startThread, type Thread } from '../../deploy/local/src/scenario/play';
import { Timeline } from '../../deploy/local/src/scenario/timeline';
import { type Stack, type StackOptions, startStack } from '../../deploy/local/src/stack';
import { createDatabase, dropDatabase } from './fresh-database';

/** A care team with its Space, and a conversation with its Room, which all its professionals have joined. */
export interface CareConversation {
  readonly stack: Stack;
  readonly network: CareNetwork;
  readonly thread: Thread;
  /** @param outcome after `failed` the logs of the servers are kept */
  stop(outcome?: 'succeeded' | 'failed'): Promise<void>;
}

/**
 * Starts real servers and the bridge, and plays the scenario up to the first message. Takes about a quarter of a minute.
 * The database is a copy of the run's template, where it has one.
 */
export async function startCareConversation(options: StackOptions = {}): Promise<CareConversation> {
  const databaseUrl = process.env.TEST_DATABASE_TEMPLATE ? await createDatabase() : undefined;
  const stack = await startStack({ databaseUrl, ...options });
  let network: CareNetwork | undefined;
  const stop = async (outcome: 'succeeded' | 'failed' = 'succeeded'): Promise<void> => {
    await network?.stop();
    await stack.stop(outcome);
    if (databaseUrl) await dropDatabase(databaseUrl);
  };
  try {
    await stack.startBridge();
    network = await setUpNetwork(stack);
    const stage = await createCareTeam(network, new Timeline());
    const thread = await startThread(stage, 'How is she today?');
    return { stack, network, thread, stop };
  } catch (error) {
    await stop('failed');
    throw error;
  }
}
