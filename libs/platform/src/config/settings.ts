import { fhirSettings } from './fhir-settings';
import { matrixSettings } from './matrix-settings';
import { serverSettings } from './server-settings';
import { proxySettings } from './proxy-settings';
import type { Setting, SettingValue } from './setting';
import { encryptionKey, line } from './setting-schemas';
import { talkSettings } from './talk-settings';

/**
 * Every setting of the bridge, by section and key. The YAML path of a setting is `section.key`.
 * An app reads only the sections it names.
 */
export const settings = {
  organisation: {
    name: {
      env: 'ORGANISATION_NAME',
      schema: line(),
      doc: 'Name of the care organisation, as shown in the names of Spaces.',
    },
  },
  ...serverSettings,
  ...matrixSettings,
  ...fhirSettings,
  ...talkSettings,
  ...proxySettings,
  encryption: {
    key: {
      env: 'DATABASE_ENCRYPTION_KEY',
      schema: encryptionKey(),
      secret: true,
      doc: 'Key for the little patient data that the database holds: 32 random bytes in base64 (openssl rand -base64 32).',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

export type ConfigSection = keyof typeof settings;

/** The whole configuration, typed by the tree of settings. */
export type Config = {
  readonly [S in ConfigSection]: {
    readonly [K in keyof (typeof settings)[S]]: (typeof settings)[S][K] extends infer T extends Setting
      ? SettingValue<T>
      : never;
  };
};

/** The settings of one section, without the exact types of their values. */
export function settingsOf(section: ConfigSection): readonly (readonly [key: string, setting: Setting])[] {
  return Object.entries<Setting>(settings[section]);
}

export const configSections = Object.keys(settings) as ConfigSection[];
