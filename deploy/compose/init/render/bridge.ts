import { buildRegistration } from '@bridge/matrix';
import { stringify } from 'yaml';
import type { OrganisationPlan } from '../plan';
import type { OrganisationSecrets } from '../secrets';

/** Localpart of the first administrator. */
export const ADMIN = 'admin';
const USER = 'bridge';
/** The one notification source: the organisation's FHIR server. */
const SOURCE = 'ehr';

/** What the bridge and the files of others have to agree on; the defaults of MATRIX_AS_ID, MATRIX_GHOST_PREFIX, MATRIX_BOT_LOCALPART. */
const APPSERVICE = {
  id: 'fhir-matrix-bridge',
  ghostPrefix: '_fhir_bridge_',
  botLocalpart: '_fhir_bridge_bot',
};

/**
 * The file that BRIDGE_CONFIG names, for all processes of the bridge. It is kept as a secret: the URL of NATS holds a
 * password. All other secrets are in files of their own, so that each process sees those that it needs.
 */
export function bridgeConfig(organisation: OrganisationPlan, secrets: OrganisationSecrets): string {
  const { nats, homeserver, fhir, bridge } = organisation.places;
  const admin = `@${ADMIN}:${organisation.serverName}`;
  return stringify({
    organisation: { name: organisation.title },
    log: { format: 'json' },
    nats: {
      url: natsUrl(organisation, secrets.nats_password),
      monitoringUrls: [nats.monitorUrl],
    },
    matrix: {
      serverName: organisation.serverName,
      ghostPrefix: APPSERVICE.ghostPrefix,
      botLocalpart: APPSERVICE.botLocalpart,
    },
    homeserver: { url: homeserver.url },
    appservice: { id: APPSERVICE.id },
    fhir: { baseUrl: fhir.url },
    subscriptions: { mode: 'managed', endpoint: `${bridge.fhirIngressUrl}/notify/${SOURCE}` },
    bot: { language: 'nl', permissions: { '*': 'user', [admin]: 'admin' } },
    clinical: { timeZone: 'Europe/Amsterdam' },
  });
}

/** Where the processes of an organisation find its NATS, with the password. */
export function natsUrl({ places }: OrganisationPlan, password: string): string {
  const { host, port } = places.nats.address;
  return `nats://${USER}:${password}@${host}:${port}`;
}

/** The files that the bridge's variables `<NAME>_FILE` name, by file name. */
export function bridgeSecretFiles(
  organisation: OrganisationPlan,
  secrets: OrganisationSecrets,
): Record<string, string> {
  const { host, port } = organisation.places.bridge.database;
  return {
    database_url: `postgresql://${USER}:${secrets.bridge_database_password}@${host}:${port}/${USER}`,
    notification_secrets: `${SOURCE}=${secrets.notification_secret}`,
    subscription_header: `Authorization: Bearer ${secrets.notification_secret}`,
  };
}

/** The registration that the homeserver reads. */
export function bridgeRegistration(organisation: OrganisationPlan, secrets: OrganisationSecrets): string {
  return buildRegistration({
    id: APPSERVICE.id,
    url: organisation.places.bridge.asIngressUrl,
    asToken: secrets.as_token,
    hsToken: secrets.hs_token,
    matrix: { serverName: organisation.serverName, ...APPSERVICE },
  });
}

/** nats.conf. Every message is on disk before it is confirmed: by default NATS writes every two minutes only. */
export function natsConfig({ name, places }: OrganisationPlan, secrets: OrganisationSecrets): string {
  const { listen, port, monitorPort, state } = places.nats;
  return [
    `server_name: ${JSON.stringify(`${name}-nats`)}`,
    `listen: ${JSON.stringify(`${listen}:${port}`)}`,
    `http: ${JSON.stringify(`${listen}:${monitorPort}`)}`,
    'max_connections: 200',
    // Behind a message of 1 MB, the usual limit, are the headers that the bridge adds.
    'max_payload: 2MB',
    'authorization {',
    `  user: ${USER}`,
    `  password: ${JSON.stringify(secrets.nats_password)}`,
    '}',
    'jetstream {',
    `  store_dir: ${JSON.stringify(state)}`,
    '  sync_interval: always',
    '  max_memory_store: 64MB',
    // Two work queues of NATS_MAX_BYTES (1 GiB) each, and the dead letters of 30 days.
    '  max_file_store: 6GB',
    '}',
    '',
  ].join('\n');
}
