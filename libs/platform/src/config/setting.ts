import type { z } from 'zod';

/**
 * One setting of the bridge: the single place where its name, its bounds and its meaning are written.
 * `schema` reads the text of an environment variable as well as the typed value of a YAML file, and its
 * description completes the sentence "expected: …". A setting with neither `default` nor `optional` is required.
 */
export interface Setting {
  readonly env: string;
  readonly schema: z.ZodType;
  /** One sentence, with the unit. */
  readonly doc: string;
  readonly default?: string | number | boolean;
  readonly optional?: true;
  /** Never shown; also read from the file that `<env>_FILE` names. */
  readonly secret?: true;
}

/** What a setting becomes once it is read. */
export type SettingValue<S extends Setting> = S extends { optional: true }
  ? z.output<S['schema']> | undefined
  : z.output<S['schema']>;
