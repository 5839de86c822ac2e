import { type BridgeApp, bridgeProcesses } from '../../deploy/local/src/bridge';
import type { Stack } from '../../deploy/local/src/stack';

/**
 * Runs one process of the bridge with other settings for as long as something is done, in the place of its own.
 * @param without settings of the stack that it does not have
 */
export async function withOtherSettings(
  { bridge, environment }: Stack,
  app: BridgeApp,
  settings: Readonly<Record<string, string>>,
  without: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const kept = Object.entries(environment.settings).filter(([name]) => !without.includes(name));
  const other = bridgeProcesses({
    ...environment,
    settings: { ...Object.fromEntries(kept), ...settings },
  })[app];
  await bridge[app].stop();
  try {
    await other.start();
    await work();
  } finally {
    await other.stop();
    await bridge[app].start();
  }
}
