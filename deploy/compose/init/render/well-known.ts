import type { FederationPlan, OrganisationPlan } from '../plan';
import { ADMIN } from './bridge';
import { healthServer, hostOf, nginxMain } from './nginx';

/** `/.well-known/matrix/server`, `client` and `support` of an organisation, by name (Matrix specification, "Server discovery", "Well-known URIs"). */
export function wellKnownFiles(
  { serverName, publicUrl, federationAddress }: OrganisationPlan,
  { supportEmail }: FederationPlan,
): Record<'server' | 'client' | 'support', string> {
  const contact = {
    matrix_id: `@${ADMIN}:${serverName}`,
    role: 'm.role.admin',
    ...(supportEmail ? { email_address: supportEmail } : {}),
  };
  return {
    server: json({ 'm.server': federationAddress }),
    client: json({ 'm.homeserver': { base_url: publicUrl } }),
    support: json({ contacts: [contact] }),
  };
}

/** nginx.conf of the small server behind Traefik, which gives out no files itself. Each organisation's are found by the name asked for. */
export function wellKnownServer(federation: FederationPlan): string {
  const servers = federation.organisations.map(
    ({ serverName, places }) => `server {
  listen 8080;
  server_name ${hostOf(serverName)};
  add_header Access-Control-Allow-Origin "*" always;
  add_header Access-Control-Allow-Methods "GET, OPTIONS" always;
  add_header Access-Control-Allow-Headers "Origin, X-Requested-With, Content-Type, Accept, Authorization" always;
  default_type application/json;
  location ~ ^/\\.well-known/matrix/(server|client|support)$ {
    alias ${places.proxy.wellKnown}/$1;
  }
  location / {
    return 404;
  }
}`,
  );
  const health = healthServer('8080 default_server');
  return nginxMain({ temporary: federation.proxy.temporary }, [health, ...servers].join('\n'));
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
