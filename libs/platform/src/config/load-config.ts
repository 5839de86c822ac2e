import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigError, type ConfigMistake } from './config-error';
import { readConfigFile } from './config-file';
import { crossMistakes } from './cross-checks';
import { deepFreeze } from './deep-freeze';
import type { Setting } from './setting';
import { settingsOf, type Config, type ConfigSection } from './settings';

const MAX_SHOWN_LENGTH = 100;

/**
 * Reads the named sections of the configuration. The first source that has a value counts: environment variable
 * (for a secret also the file that `<variable>_FILE` names), the YAML file that `BRIDGE_CONFIG` names, the default.
 * An empty value is no value.
 * @returns the sections, frozen all the way down
 * @throws {ConfigError} with every mistake in those sections and every unknown name in the YAML file
 */
export function loadConfig<S extends ConfigSection>(
  sections: readonly S[],
  env: NodeJS.ProcessEnv = process.env,
): Pick<Config, S> {
  const file = readConfigFile(env.BRIDGE_CONFIG);
  const mistakes: ConfigMistake[] = [...file.mistakes];
  const config: Record<string, Record<string, unknown>> = {};
  for (const section of sections) {
    const values: Record<string, unknown> = {};
    for (const [key, setting] of settingsOf(section)) {
      const path = `${section}.${key}`;
      const result = readSetting(setting, env, file.values.get(path));
      if ('mistakes' in result) mistakes.push(...result.mistakes.map((it) => named(it, setting, path)));
      else values[key] = result.value;
    }
    config[section] = values;
  }
  mistakes.push(...crossMistakes(config));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return deepFreeze(config) as Pick<Config, S>;
}

/** `part` says where in a value of several named parts. */
type Mistake = Omit<ConfigMistake, 'setting'> & { readonly part?: readonly PropertyKey[] };
type Read = { readonly value: unknown } | { readonly mistakes: readonly Mistake[] };

function named({ part = [], ...mistake }: Mistake, setting: Setting, path: string): ConfigMistake {
  return { setting: `${setting.env} (${[path, ...part].map(String).join('.')})`, ...mistake };
}

function readSetting(setting: Setting, env: NodeJS.ProcessEnv, fromFile: unknown): Read {
  const fromEnv = readEnvironment(setting, env);
  if ('mistakes' in fromEnv) return fromEnv;
  const written = [fromEnv.value, fromFile, setting.default].find(isSet);
  if (!isSet(written)) return setting.optional ? { value: undefined } : missing(setting);
  const parsed = setting.schema.safeParse(written);
  return parsed.success
    ? { value: parsed.data }
    : { mistakes: wrongParts(setting, parsed.error) ?? [wrong(setting, written)] };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function readEnvironment({ env: name, secret }: Setting, env: NodeJS.ProcessEnv): Read {
  const fileName = secret ? env[`${name}_FILE`] : undefined;
  if (!fileName) return { value: env[name] };
  if (env[name]) {
    return { mistakes: [{ problem: `is set, and ${name}_FILE too`, mend: 'set only one of the two' }] };
  }
  try {
    return { value: readFileSync(fileName, 'utf8').trim() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = `the file ${fileName} of ${name}_FILE cannot be read (${code})`;
    return { mistakes: [{ problem, mend: 'name a file that this user may read' }] };
  }
}

function missing(setting: Setting): Read {
  const orFile = setting.secret ? `, or name a file that holds it in ${setting.env}_FILE` : '';
  const mend = `set it to ${setting.schema.description}${orFile}`;
  return { mistakes: [{ problem: 'is required and not set', mend }] };
}

function wrong(setting: Setting, written: unknown): Mistake {
  return {
    problem: setting.secret ? 'has a value of the wrong form' : `${shown(written)} is not allowed`,
    mend: `expected: ${setting.schema.description}`,
  };
}

/** One mistake for each wrong part, where a value has parts with names; their schemas say what is expected of them. */
function wrongParts(setting: Setting, { issues }: z.ZodError): Mistake[] | undefined {
  const hasNames = issues.some(({ path }) => path.some((step) => typeof step === 'string'));
  if (setting.secret || !hasNames) return undefined;
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ part: [...issue.path, key], problem: 'no such key', mend: issue.message }))
      : [{ part: issue.path, problem: 'is missing or not allowed', mend: `expected: ${issue.message}` }],
  );
}

/** The written value for a message: short, and without the user and password that a URL may carry. */
function shown(written: unknown): string {
  if (typeof written === 'object') return 'such a value';
  return JSON.stringify(written)
    .replaceAll(/[^/\s",]+@/g, '…@')
    .slice(0, MAX_SHOWN_LENGTH);
}
