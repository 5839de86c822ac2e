import { z } from 'zod';
import { fhirIngressSections } from '../../../../apps/fhir-ingress/src/app.module';
import { fhirMapperSections } from '../../../../apps/fhir-mapper/src/app.module';
import { asIngressSections } from '../../../../apps/as-ingress/src/app.module';
import { messengerProxySections } from '../../../../apps/messenger-proxy/src/app.module';
import { roomManagerSections } from '../../../../apps/room-manager/src/app.module';
import type { Setting } from '../../../../libs/platform/src/config/setting';
import { configSections, settingsOf } from '../../../../libs/platform/src/config/settings';
import { credential, part } from './shapes';

/** Settings that the chart fills in; postgres.url is made of the chart's own values. */
export const derivedSettings = [
  'http.host',
  'http.port',
  'nats.url',
  'nats.monitoringUrls',
  'nats.replicas',
  'postgres.url',
  'proxy.inboundPort',
  'proxy.outboundPort',
  'proxy.contactsPort',
  'proxy.informationPort',
];

/** The processes by their key in the values, and the sections of the configuration that each reads. */
const processes: Record<string, readonly string[]> = {
  asIngress: asIngressSections,
  fhirIngress: fhirIngressSections,
  fhirMapper: fhirMapperSections,
  roomManager: roomManagerSections,
  messengerProxy: messengerProxySections,
};

/** `config` of the chart: every setting of the bridge that is neither a secret nor filled in by the chart. */
export function bridgeConfig() {
  return part(
    sectionsOf(
      (setting) => !setting.secret,
      (setting) => z.any().meta({ ...formOf(setting), description: setting.doc }),
    ),
  );
}

/** `secrets` of the chart: every setting that is a secret, as a credential. */
export function bridgeSecrets() {
  return part(
    sectionsOf(
      (setting) => setting.secret === true,
      () => credential,
    ),
  );
}

/** A line for each secret that is a setting: what the templates read as files/secrets.yaml. */
export function secretSettings(): string {
  return configSections
    .flatMap((section) =>
      settingsOf(section)
        .filter(([key, setting]) => setting.secret && !derivedSettings.includes(`${section}.${key}`))
        .map(([key, setting]) => {
          const readers = Object.keys(processes).filter((process) => processes[process]?.includes(section));
          const required = setting.default === undefined && setting.optional !== true;
          return [
            `- variable: ${setting.env}`,
            `  section: ${section}`,
            `  key: ${key}`,
            `  required: ${required}`,
            `  processes: [${readers.join(', ')}]\n`,
          ].join('\n');
        }),
    )
    .join('');
}

function sectionsOf(
  isWanted: (setting: Setting) => boolean,
  schemaOf: (setting: Setting) => z.ZodType,
): Record<string, z.ZodType> {
  const sections = configSections.map((section) => {
    const wanted = settingsOf(section).filter(
      ([key, setting]) => isWanted(setting) && !derivedSettings.includes(`${section}.${key}`),
    );
    return [
      section,
      part(Object.fromEntries(wanted.map(([key, setting]) => [key, schemaOf(setting)]))),
      wanted,
    ] as const;
  });
  return Object.fromEntries(
    sections.filter(([, , wanted]) => wanted.length > 0).map(([section, schema]) => [section, schema]),
  );
}

/**
 * What YAML may hold for a setting. The bridge itself checks more than a JSON Schema can say; here a wrong type and a
 * number out of bounds are caught. A list or a map may also be written as text, as in an environment variable.
 */
function formOf({ schema }: Setting): Record<string, unknown> {
  const form: Record<string, unknown> = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'output',
    unrepresentable: 'any',
  });
  delete form.$schema;
  const scalar = ['integer', 'number', 'boolean', 'string'].includes(form.type as string);
  if (scalar || form.enum || form.const) return form;
  const hasParts = /\bmap\b|separated by commas/.test(schema.description ?? '');
  return { type: hasParts ? ['string', 'array', 'object'] : 'string' };
}
