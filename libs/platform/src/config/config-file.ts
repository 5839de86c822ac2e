import { readFileSync } from 'node:fs';
import type { ConfigMistake } from './config-error';
import { closestName } from './closest-name';
import { configSections, settingsOf, type ConfigSection } from './settings';

/** The values of the YAML file by section and key, and the mistakes in its form. */
export interface ConfigFile {
  readonly values: ReadonlyMap<string, unknown>;
  readonly mistakes: readonly ConfigMistake[];
}

const FILE_SETTING = 'BRIDGE_CONFIG';

/**
 * Reads the YAML file that `BRIDGE_CONFIG` names: sections, and in each its keys as in the tree of settings.
 * The names in the whole file are checked, whatever sections the app asks for: one file may serve all apps.
 * @returns the values by `section.key`; empty when no file is named
 */
export function readConfigFile(path: string | undefined): ConfigFile {
  if (!path) return { values: new Map(), mistakes: [] };
  try {
    return fileContent(parseYaml(readFileSync(path, 'utf8')));
  } catch (error) {
    return { values: new Map(), mistakes: [unreadable(path, error)] };
  }
}

function parseYaml(text: string): unknown {
  // Loaded only where a file is used: most deployments configure by environment, and memory at rest counts.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { parse } = require('yaml') as typeof import('yaml');
  return parse(text, { logLevel: 'error' });
}

/** Says where and what kind; not the message of the parser, which quotes the line, and the line may hold a secret. */
function unreadable(path: string, error: unknown): ConfigMistake {
  const { code, linePos } = error as { code?: string; linePos?: readonly { line: number }[] };
  const line = linePos?.[0] ? ` at line ${linePos[0].line}` : '';
  return {
    setting: FILE_SETTING,
    problem: `the file ${path} cannot be read as YAML${line} (${code ?? 'unknown cause'})`,
    mend: 'name a readable YAML file, or unset it',
  };
}

function fileContent(content: unknown): ConfigFile {
  const values = new Map<string, unknown>();
  const mistakes: ConfigMistake[] = [];
  for (const [section, keys] of entriesOrMistake(content, FILE_SETTING, mistakes)) {
    if (!isSection(section)) {
      mistakes.push(unknownName(section, section, configSections, 'section'));
      continue;
    }
    const known = settingsOf(section).map(([key]) => key);
    for (const [key, value] of entriesOrMistake(keys, section, mistakes)) {
      if (known.includes(key)) values.set(`${section}.${key}`, value);
      else mistakes.push(unknownName(`${section}.${key}`, key, known, 'key'));
    }
  }
  return { values, mistakes };
}

function isSection(name: string): name is ConfigSection {
  return (configSections as string[]).includes(name);
}

function entriesOrMistake(value: unknown, setting: string, mistakes: ConfigMistake[]): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  mistakes.push({
    setting,
    problem: 'does not hold named values',
    mend: 'write it as sections with keys, such as "http:" and below it, indented, "port: 8080"',
  });
  return [];
}

function unknownName(
  setting: string,
  written: string,
  known: readonly string[],
  what: string,
): ConfigMistake {
  const meant = closestName(written, known);
  return {
    setting,
    problem: `no such ${what}`,
    mend: meant ? `did you mean ${meant}?` : `the ${what}s are: ${known.join(', ')}`,
  };
}
