import { ConfigError } from './config/config-error';
import { describeSettings } from './config/describe-settings';
import { loadConfig } from './config/load-config';
import type { Config, ConfigSection } from './config/settings';

/** What an entry point says about itself. */
export interface EntryPoint<S extends ConfigSection> {
  readonly app: string;
  /** One sentence: the app's one job. */
  readonly purpose: string;
  /** The sections of the configuration that it reads. */
  readonly sections: readonly S[];
}

const SOURCES =
  'Settings, as environment variables or (in brackets) in the YAML file that BRIDGE_CONFIG names:';

/**
 * Runs an entry point with its configuration. `--help` prints the purpose and the settings. Exit status 2: the
 * configuration has mistakes, all of which are on standard error; 1: `main` failed.
 */
export function runMain<S extends ConfigSection>(
  entry: EntryPoint<S>,
  main: (config: Pick<Config, S>) => Promise<unknown>,
): void {
  if (process.argv.includes('--help')) {
    process.stdout.write(
      `${entry.app}: ${entry.purpose}\n\n${SOURCES}\n\n${describeSettings(entry.sections)}`,
    );
    return;
  }
  void run(entry, main);
}

async function run<S extends ConfigSection>(
  { app, sections }: EntryPoint<S>,
  main: (config: Pick<Config, S>) => Promise<unknown>,
): Promise<void> {
  try {
    await main(loadConfig(sections));
  } catch (error) {
    const configuration = error instanceof ConfigError;
    process.stderr.write(`${app}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(configuration ? 2 : 1);
  }
}
