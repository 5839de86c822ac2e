import type { ConfigMistake } from './config-error';
import { fhirAccessMistakes } from './fhir-access-checks';
import { notificationMistakes } from './notification-checks';
import { settings, type Config } from './settings';

/** Mistakes that only show when settings are seen together. Sections that were not read, or not well, are left alone. */
export function crossMistakes(config: Partial<Config>): ConfigMistake[] {
  return [
    ...botMistakes(config),
    ...fhirAccessMistakes(config.fhir ?? {}),
    ...notificationMistakes(config.notifications ?? {}),
  ];
}

function botMistakes(config: Partial<Config>): ConfigMistake[] {
  const { ghostPrefix, botLocalpart } = (config.matrix ?? {}) as Partial<Config['matrix']>;
  if (ghostPrefix === undefined || botLocalpart === undefined || botLocalpart.startsWith(ghostPrefix))
    return [];
  // The homeserver pushes and protects only what the registration's namespace covers, and that is the prefix.
  return [
    {
      setting: `${settings.matrix.botLocalpart.env} (matrix.botLocalpart)`,
      problem: `"${botLocalpart}" does not start with the ghost prefix "${ghostPrefix}"`,
      mend: `choose a localpart such as ${ghostPrefix}bot, or change ${settings.matrix.ghostPrefix.env}`,
    },
  ];
}
