import { stringify } from 'yaml';

/** What distinguishes one homeserver's configuration from another's. */
export interface SynapseSettings {
  serverName: string;
  clientPort: number;
  federationPort: number;
  /** Every server of the federation, this one included: nobody else is spoken to. Not set: everybody is. */
  federation?: readonly string[];
  /** Other homeservers come by a proxy, which ends TLS, to the port for clients. */
  behindProxy: boolean;
  files: {
    signingKey: string;
    logConfig: string;
    media: string;
    database: string;
    certificate: string;
    privateKey: string;
    /** Each of one authority: Synapse reads no more. */
    authorities: readonly string[];
    registrations: readonly string[];
  };
  secrets: { registration: string; macaroon: string; form: string };
}

// Synapse's limits protect a public server from strangers. Here they would be what the tests measure: the invite limit
// of the *invited* server alone answers 502 to the sixth invite of one person.
const OPEN = { per_second: 9_999, burst_count: 9_999 };
const OPEN_LIMITS = {
  rc_message: OPEN,
  rc_registration: OPEN,
  rc_login: { address: OPEN, account: OPEN, failed_attempts: OPEN },
  rc_admin_redaction: OPEN,
  rc_joins: { local: OPEN, remote: OPEN },
  rc_joins_per_room: OPEN,
  rc_invites: { per_room: OPEN, per_user: OPEN, per_issuer: OPEN },
  rc_room_creation: OPEN,
  rc_media_create: OPEN,
  rc_user_directory: OPEN,
  rc_profile: OPEN,
  rc_federation: {
    window_size: 1_000,
    sleep_limit: 9_999,
    sleep_delay: 1,
    reject_limit: 9_999,
    concurrent: 50,
  },
  federation_rr_transactions_per_room_per_second: 9_999,
};

/** The homeserver.yaml of one server of the local federation. Keys: Synapse's configuration manual, 1.163. */
export function synapseConfig(settings: SynapseSettings): string {
  const { files, secrets } = settings;
  return stringify({
    server_name: settings.serverName,
    public_baseurl: `http://127.0.0.1:${settings.clientPort}/`,
    listeners: settings.behindProxy
      ? [listener(settings.clientPort, ['client', 'federation'], false)]
      : [
          listener(settings.clientPort, ['client'], false),
          listener(settings.federationPort, ['federation'], true),
        ],
    database: { name: 'sqlite3', args: { database: files.database } },
    signing_key_path: files.signingKey,
    log_config: files.logConfig,
    media_store_path: files.media,
    report_stats: false,

    tls_certificate_path: files.certificate,
    tls_private_key_path: files.privateKey,
    federation_custom_ca_list: files.authorities, // replaces the system's list: no other authority is trusted
    ...(settings.federation && { federation_domain_whitelist: settings.federation }),
    trusted_key_servers: [],
    ip_range_blacklist: [], // by default every private address is refused, and all of these servers are on 127.0.0.1
    // After a partition the others are tried again within seconds instead of ten minutes.
    federation: {
      max_short_retry_delay: '1s',
      max_long_retry_delay: '1s',
      max_long_retries: 2,
      destination_min_retry_interval: '1s',
      destination_retry_multiplier: 2,
      destination_max_retry_interval: '5s',
    },

    enable_registration: false,
    registration_shared_secret: secrets.registration,
    macaroon_secret_key: secrets.macaroon,
    form_secret: secrets.form,
    bcrypt_rounds: 4,
    app_service_config_files: files.registrations,

    presence: { enabled: false },
    url_preview_enabled: false,
    caches: { sync_response_cache_duration: 0 },
    ...OPEN_LIMITS,
  });
}

function listener(port: number, names: readonly ('client' | 'federation')[], tls: boolean): object {
  return {
    port,
    bind_addresses: ['127.0.0.1'],
    type: 'http',
    tls,
    resources: [{ names, compress: false }],
  };
}

/** The log configuration: warnings and worse to stdout, which is the log file of the process. */
export function synapseLogConfig(): string {
  return stringify({
    version: 1,
    formatters: { line: { format: '%(asctime)s %(levelname)s %(name)s %(request)s %(message)s' } },
    filters: { context: { '()': 'synapse.logging.context.LoggingContextFilter' } },
    handlers: {
      console: { class: 'logging.StreamHandler', formatter: 'line', filters: ['context'] },
    },
    root: { level: 'WARNING', handlers: ['console'] },
    disable_existing_loggers: false,
  });
}
