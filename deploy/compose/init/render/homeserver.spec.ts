import { parse } from 'yaml';
import { threeOrganisations } from '../../../check/compose/three-organisations';
import type { FederationPlan } from '../plan';
import { readSettings, type Settings } from '../settings';
import { homeserverConfig, homeserverLog } from './homeserver';

const planOf = (settings: Settings = {}): FederationPlan =>
  readSettings({ ...threeOrganisations, ...settings }).federation;

function vvtConfig(plan = planOf()): Record<string, unknown> {
  const organisation = plan.organisations.find(({ name }) => name === 'vvt')!;
  return parse(homeserverConfig(organisation, plan)) as Record<string, unknown>;
}

describe('homeserver.yaml', () => {
  it('lets nobody in by themselves', () => {
    expect(vvtConfig()).toMatchObject({
      enable_registration: false,
      allow_guest_access: false,
      allow_public_rooms_without_auth: false,
      allow_public_rooms_over_federation: false,
      room_list_publication_rules: [{ action: 'deny' }],
    });
  });

  it('federates with the servers of the federation only, and verifies them by its own authority', () => {
    expect(vvtConfig(planOf({ PEERS: 'ggz.example' }))).toMatchObject({
      federation_domain_whitelist: ['apotheek', 'huisarts', 'vvt', 'ggz.example'],
      federation_verify_certificates: true,
      federation_custom_ca_list: ['/trust/ca.crt'],
      trusted_key_servers: [],
    });
    expect(vvtConfig()).not.toHaveProperty('federation_certificate_verification_whitelist');
    expect(vvtConfig()).not.toHaveProperty('accept_keys_insecurely');
  });

  it('trusts the authorities of partners as well', () => {
    const plan = { ...planOf(), authorities: ['ca.crt', 'ggz.pem'] };
    expect(vvtConfig(plan).federation_custom_ca_list).toEqual(['/trust/ca.crt', '/trust/ggz.pem']);
  });

  it('calls private addresses in its own network only', () => {
    expect(vvtConfig().ip_range_whitelist).toEqual(['172.30.3.0/24']);
    expect(vvtConfig()).not.toHaveProperty('ip_range_blacklist');
    expect(vvtConfig().url_preview_enabled).toBe(false);
  });

  it('tells nobody outside about its people and their devices, and asks for passwords of some length', () => {
    expect(vvtConfig()).toMatchObject({
      require_auth_for_profile_requests: true,
      allow_device_name_lookup_over_federation: false,
      password_config: { policy: { enabled: true, minimum_length: 12 } },
      presence: { enabled: false },
    });
  });

  it('believes the proxy about who calls, and shows its metrics apart from all else', () => {
    const { listeners } = vvtConfig() as { listeners: Record<string, unknown>[] };
    expect(listeners).toMatchObject([
      { port: 8008, tls: false, x_forwarded: true, resources: [{ names: ['client', 'federation'] }] },
      { port: 9000, type: 'metrics' },
    ]);
    expect(listeners).toHaveLength(2);
  });

  it('tries a partner again within an hour, however long they were away', () => {
    expect(vvtConfig().federation).toEqual({
      destination_min_retry_interval: '30s',
      destination_retry_multiplier: 2,
      destination_max_retry_interval: '1h',
    });
  });

  it('holds no secret', () => {
    const secretKeys = Object.keys(vvtConfig()).filter((key) => /secret|password|token/.test(key));
    for (const key of secretKeys.filter((name) => name !== 'password_config')) expect(key).toMatch(/_path$/);
    expect(JSON.stringify(vvtConfig().database)).not.toMatch(/"password"/);
  });

  it('takes invites as fast as a federation of care teams sends them', () => {
    const { rc_invites: limits } = vvtConfig() as {
      rc_invites: Record<string, { per_second: number; burst_count: number }>;
    };
    for (const scope of ['per_room', 'per_user', 'per_issuer']) {
      expect(limits[scope]?.per_second).toBeGreaterThanOrEqual(1);
      expect(limits[scope]?.burst_count).toBeGreaterThanOrEqual(100);
    }
    const { rc_joins: joins, rc_joins_per_room: room } = vvtConfig() as {
      rc_joins: Record<'local' | 'remote', { burst_count: number }>;
      rc_joins_per_room: { burst_count: number };
    };
    for (const { burst_count: burst } of [joins.local, joins.remote, room])
      expect(burst).toBeGreaterThanOrEqual(100);
  });

  it('takes files of 50 MB, and forgets what nobody needs', () => {
    expect(vvtConfig()).toMatchObject({
      max_upload_size: '50M',
      retention: { enabled: true },
      forgotten_room_retention_period: '7d',
      redaction_retention_period: '7d',
      user_ips_max_age: '28d',
      media_retention: { remote_media_lifetime: '90d' },
      report_stats: false,
    });
  });

  it('reads the registration of the second bridge only where there is one', () => {
    expect(vvtConfig().app_service_config_files).toEqual(['/registrations/fhir-matrix-bridge.yaml']);
    expect(vvtConfig(planOf({ MAUTRIX: 'vvt' })).app_service_config_files).toEqual([
      '/registrations/fhir-matrix-bridge.yaml',
      '/registrations/mautrix-signal.yaml',
    ]);
  });

  it('names a TURN server only where there is one', () => {
    expect(vvtConfig()).not.toHaveProperty('turn_uris');
    expect(vvtConfig(planOf({ TURN_HOST: 'turn.example' }))).toMatchObject({
      turn_uris: ['turn:turn.example:3478?transport=udp', 'turn:turn.example:3478?transport=tcp'],
      turn_shared_secret_path: '/run/secrets/turn_secret',
      turn_allow_guests: false,
    });
  });
});

describe('log.yaml', () => {
  it('writes at a level that shows no tokens and no SQL', () => {
    expect(parse(homeserverLog())).toMatchObject({ root: { level: 'INFO' } });
  });
});
