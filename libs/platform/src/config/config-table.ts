import type { Setting } from './setting';
import { configSections, settingsOf } from './settings';

/** The table of all settings in Markdown, for the README. The same text for the same tree. */
export function configTable(): string {
  const rows = configSections.flatMap((section) =>
    settingsOf(section).map(([key, setting]) => [
      `\`${setting.env}\``,
      `\`${section}.${key}\``,
      escaped(`${setting.doc} Expected: ${setting.schema.description}.`),
      defaultOf(setting),
      setting.secret ? 'yes' : '',
    ]),
  );
  return [
    ['Environment variable', 'YAML path', 'Meaning', 'Default', 'Secret'],
    ['---', '---', '---', '---', '---'],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
}

function defaultOf(setting: Setting): string {
  if (setting.default !== undefined) return `\`${escaped(String(setting.default))}\``;
  return setting.optional ? 'not set' : 'required';
}

/** A bar ends a cell in a Markdown table, even within a code span. */
function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
