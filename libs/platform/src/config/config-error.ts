/** One mistake in the configuration. Holds no secret value. */
export interface ConfigMistake {
  /** The names of the setting: environment variable and YAML path. */
  readonly setting: string;
  readonly problem: string;
  /** What to do about it. */
  readonly mend: string;
}

/** The configuration cannot be used. Holds every mistake at once, so that one round of mending is enough. */
export class ConfigError extends Error {
  constructor(readonly mistakes: readonly ConfigMistake[]) {
    super(
      [
        mistakes.length === 1
          ? 'One mistake in the configuration:'
          : `${mistakes.length} mistakes in the configuration:`,
        ...mistakes.map(({ setting, problem, mend }) => `  ${setting}: ${problem} → ${mend}`),
      ].join('\n'),
    );
    this.name = 'ConfigError';
  }
}
