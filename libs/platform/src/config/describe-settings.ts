import type { Setting } from './setting';
import { settingsOf, type ConfigSection } from './settings';

/** The settings of the named sections as text for a terminal: what `--help` prints. */
export function describeSettings(sections: readonly ConfigSection[]): string {
  return sections
    .flatMap((section) => settingsOf(section).map(([key, setting]) => describe(`${section}.${key}`, setting)))
    .join('\n');
}

function describe(path: string, setting: Setting): string {
  const names = setting.secret ? `${setting.env} or ${setting.env}_FILE` : setting.env;
  return `  ${names} (${path})\n      ${setting.doc}\n      ${setting.schema.description}; ${fallback(setting)}\n`;
}

function fallback(setting: Setting): string {
  if (setting.default !== undefined) return `default ${setting.default}`;
  return setting.optional ? 'optional' : 'required';
}
