import { stringify } from 'yaml';
import type { OrganisationPlan } from '../plan';
import type { OrganisationSecrets } from '../secrets';
import { ADMIN } from './bridge';

const ID = 'mautrix-signal';
const BOT = 'signalbot';

/**
 * Registration of the second bridge. Its users are apart from those of ours: both namespaces are exclusive, and begin
 * differently.
 */
export function mautrixRegistration(
  { serverName, places }: OrganisationPlan,
  secrets: OrganisationSecrets,
): string {
  const server = serverName.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return stringify({
    id: ID,
    url: places.mautrix.url,
    as_token: secrets.mautrix_as_token,
    hs_token: secrets.mautrix_hs_token,
    sender_localpart: BOT,
    rate_limited: false,
    namespaces: {
      users: [
        { exclusive: true, regex: `^@signal_[^:]+:${server}$` },
        { exclusive: true, regex: `^@${BOT}:${server}$` },
      ],
      aliases: [],
      rooms: [],
    },
  });
}

/** Configuration of mautrix-signal (bridgev2). Everybody may be relayed, colleagues may log in, the administrator manages it. */
export function mautrixConfig(
  { serverName, places }: OrganisationPlan,
  secrets: OrganisationSecrets,
): string {
  const { database, url, port } = places.mautrix;
  return stringify({
    bridge: {
      permissions: { '*': 'relay', [serverName]: 'user', [`@${ADMIN}:${serverName}`]: 'admin' },
      relay: { enabled: true, admin_only: true },
    },
    database: {
      type: 'postgres',
      uri: `postgres://mautrix:${secrets.mautrix_database_password}@${database.host}:${database.port}/mautrix?sslmode=disable`,
      max_open_conns: 5,
      max_idle_conns: 1,
    },
    homeserver: { address: places.homeserver.url, domain: serverName, software: 'standard' },
    appservice: {
      address: url,
      hostname: '0.0.0.0',
      port,
      id: ID,
      bot: { username: BOT, displayname: 'Signal' },
      as_token: secrets.mautrix_as_token,
      hs_token: secrets.mautrix_hs_token,
      username_template: 'signal_{{.}}',
    },
    encryption: { allow: false },
    logging: { min_level: 'info', writers: [{ type: 'stdout', format: 'json' }] },
  });
}
