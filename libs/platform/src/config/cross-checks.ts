import type { ConfigMistake } from './config-error';
import { fhirAccessMistakes } from './fhir-access-checks';
import { notificationMistakes } from './notification-checks';
import { proxyMistakes } from './proxy-checks';
import { settings, type Config } from './settings';

/** Mistakes that only show when settings are seen together. Sections that were not read, or not well, are left alone. */
export function crossMistakes(config: Partial<Config>): ConfigMistake[] {
  return [
    ...botMistakes(config),
    ...fhirAccessMistakes(config.fhir ?? {}),
    ...notificationMistakes(config.notifications ?? {}),
    ...subscriptionMistakes(config),
    ...proxyMistakes(config.proxy ?? {}),
  ];
}

function subscriptionMistakes({ subscriptions }: Partial<Config>): ConfigMistake[] {
  if (subscriptions?.mode !== 'managed' || subscriptions.endpoint !== undefined) return [];
  const { env } = settings.subscriptions.endpoint;
  return [
    {
      setting: `${env} (subscriptions.endpoint)`,
      problem: 'is not set, and the bridge is to make its own Subscriptions',
      mend: `set it to where the FHIR server reaches fhir-ingress, or ${settings.subscriptions.mode.env} to external`,
    },
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
