import { join } from 'node:path';
import { stringify } from 'yaml';
import type { FederationPlan, OrganisationPlan } from '../plan';
import { OUTBOUND_AUTHORITY } from './messenger-proxy';

/** The largest upload: the proxy and the bridge (MEDIA_MAX_BYTES) take as much. */
export const MAX_UPLOAD = '50M';

/**
 * Limits of Synapse that a federation of care teams runs into with its defaults. They are enforced by the server of who
 * is invited as well, and `rate_limited: false` of the bridge does not travel: the sixth invite of one person within
 * half an hour would be refused there, and shows here as 502. Only servers of the whitelist can use them.
 */
const LIMITS = {
  rc_invites: {
    per_room: { per_second: 10, burst_count: 200 },
    per_user: { per_second: 1, burst_count: 200 },
    per_issuer: { per_second: 10, burst_count: 1_000 },
  },
  rc_joins: {
    local: { per_second: 1, burst_count: 100 },
    remote: { per_second: 1, burst_count: 100 },
  },
  rc_joins_per_room: { per_second: 10, burst_count: 100 },
  rc_message: { per_second: 2, burst_count: 50 },
};

/** homeserver.yaml of an organisation. Keys: Synapse's configuration manual, 1.163. It names secrets by file and holds none. */
export function homeserverConfig(organisation: OrganisationPlan, federation: FederationPlan): string {
  const { homeserver } = organisation.places;
  const secret = (name: string): string => join(homeserver.secrets, name);
  return stringify({
    server_name: organisation.serverName,
    public_baseurl: `${organisation.publicUrl}/`,
    listeners: [
      {
        port: homeserver.clientPort,
        bind_addresses: [homeserver.listen],
        type: 'http',
        tls: false, // ends in the proxy, which is the only one that can reach this port
        x_forwarded: true,
        resources: [{ names: ['client', 'federation'], compress: false }],
      },
      { port: homeserver.metricsPort, bind_addresses: [homeserver.listen], type: 'metrics' },
    ],
    enable_metrics: true,
    database: {
      name: 'psycopg2',
      args: {
        user: 'synapse',
        dbname: 'synapse',
        host: homeserver.database.host,
        port: homeserver.database.port,
        passfile: secret('synapse.pgpass'),
        cp_min: 5,
        cp_max: 10,
      },
    },
    log_config: join(homeserver.config, 'log.yaml'),
    media_store_path: join(homeserver.state, 'media'),
    signing_key_path: secret('signing.key'),
    registration_shared_secret_path: secret('registration_shared_secret'),
    macaroon_secret_key_path: secret('macaroon_secret_key'),
    form_secret_path: secret('form_secret'),
    report_stats: false,
    app_service_config_files: registrationsOf(organisation),

    ...federationSettings(organisation, federation),
    ...accountSettings(),
    ...keepingSettings(),
    ...turnSettings(federation, secret('turn_secret')),
    ...LIMITS,
  });
}

function registrationsOf({ mautrix, places }: OrganisationPlan): string[] {
  const names = ['fhir-matrix-bridge.yaml', ...(mautrix ? ['mautrix-signal.yaml'] : [])];
  return names.map((name) => join(places.homeserver.registrations, name));
}

function federationSettings(organisation: OrganisationPlan, federation: FederationPlan): object {
  const { messengerProxy, places } = organisation;
  const { trust, config } = places.homeserver;
  const local = federation.organisations.map(({ serverName }) => serverName);
  return {
    federation_domain_whitelist: [...local, ...federation.peers],
    // Replaces the public authorities: only those of the federation are trusted.
    federation_custom_ca_list: messengerProxy
      ? [join(config, OUTBOUND_AUTHORITY)] // the proxy checks theirs, and shows certificates of its own
      : federation.authorities.map((name) => join(trust, name)),
    federation_verify_certificates: true,
    // No variable of the environment leads around it.
    ...(messengerProxy && { https_proxy: places.messengerProxy.outboundUrl, no_proxy_hosts: [] }),
    // A notary would be asked about everybody that this server talks to; here each server is asked itself.
    trusted_key_servers: [],
    // Every other private address stays refused (Synapse's own ip_range_blacklist).
    ip_range_whitelist: organisation.privateNetworks,
    // A partner that was away is tried again within minutes; ten minutes is where Synapse begins by default.
    federation: {
      destination_min_retry_interval: '30s',
      destination_retry_multiplier: 2,
      destination_max_retry_interval: '1h',
    },
    allow_public_rooms_over_federation: false,
    allow_public_rooms_without_auth: false,
    allow_device_name_lookup_over_federation: false,
    room_list_publication_rules: [{ action: 'deny' }],
  };
}

function accountSettings(): object {
  return {
    enable_registration: false,
    allow_guest_access: false,
    require_auth_for_profile_requests: true,
    password_config: { enabled: true, policy: { enabled: true, minimum_length: 12 } },
    presence: { enabled: false },
    url_preview_enabled: false,
  };
}

/** What is kept how long. What rooms say about it themselves (`m.room.retention`) is followed. */
function keepingSettings(): object {
  return {
    max_upload_size: MAX_UPLOAD,
    retention: { enabled: true },
    redaction_retention_period: '7d',
    forgotten_room_retention_period: '7d',
    user_ips_max_age: '28d',
    media_retention: { remote_media_lifetime: '90d' },
  };
}

function turnSettings({ turn }: FederationPlan, secretFile: string): object {
  if (!turn) return {};
  const { host, port } = turn;
  return {
    turn_uris: [`turn:${host}:${port}?transport=udp`, `turn:${host}:${port}?transport=tcp`],
    turn_shared_secret_path: secretFile,
    turn_user_lifetime: '1h',
    turn_allow_guests: false,
  };
}

/** log.yaml: to standard output, without the SQL and the tokens that finer levels show. */
export function homeserverLog(): string {
  return stringify({
    version: 1,
    formatters: { line: { format: '%(asctime)s %(levelname)s %(name)s %(request)s %(message)s' } },
    filters: { context: { '()': 'synapse.logging.context.LoggingContextFilter' } },
    handlers: { console: { class: 'logging.StreamHandler', formatter: 'line', filters: ['context'] } },
    loggers: { 'synapse.access.http': { level: 'WARNING' } }, // the proxy has said it, without the query
    root: { level: 'INFO', handlers: ['console'] },
    disable_existing_loggers: false,
  });
}
