import type { FederationPlan, OrganisationPlan, RenderedFile } from '../plan';
import type { OrganisationSecrets, SharedSecrets } from '../secrets';
import { bridgeConfig, bridgeRegistration, bridgeSecretFiles, natsConfig } from './bridge';
import { elementConfig, elementServer } from './element';
import { homeserverConfig, homeserverLog } from './homeserver';
import { mautrixConfig, mautrixRegistration } from './mautrix';
import { adminConfig, adminServer, proxyConfig, proxyServer } from './nginx';
import { traefikRoutes, traefikTls } from './traefik';
import { turnConfig } from './turn';
import { wellKnownFiles, wellKnownServer } from './well-known';

/** All files of an organisation but its certificate: what is a secret by itself, and what is made of plan and secrets. */
export function renderOrganisation(
  organisation: OrganisationPlan,
  federation: FederationPlan,
  secrets: OrganisationSecrets,
): RenderedFile[] {
  const { name } = organisation;
  const wellKnown = wellKnownFiles(organisation, federation);
  return [
    ...asSecrets(`${name}/secrets`, secrets),
    ...asSecrets(`${name}/secrets`, {
      ...bridgeSecretFiles(organisation, secrets),
      'bridge.yaml': bridgeConfig(organisation, secrets),
      'nats.conf': natsConfig(organisation, secrets),
      // For any host: the address of the database may change, its password stays.
      'synapse.pgpass': `*:*:synapse:synapse:${secrets.synapse_database_password}\n`,
      'mautrix.yaml': mautrixConfig(organisation, secrets),
    }),
    ...asSecrets(`${name}/registrations`, {
      'fhir-matrix-bridge.yaml': bridgeRegistration(organisation, secrets),
      ...(organisation.mautrix ? { 'mautrix-signal.yaml': mautrixRegistration(organisation, secrets) } : {}),
    }),
    ...asOpen(`${name}/synapse`, {
      'homeserver.yaml': homeserverConfig(organisation, federation),
      'log.yaml': homeserverLog(),
    }),
    ...asOpen(`${name}/element`, {
      'config.json': elementConfig(organisation),
      'nginx.conf': elementServer(organisation),
    }),
    ...asOpen(`well-known/${name}`, wellKnown),
    ...asOpen('proxy/servers', { [`${name}.conf`]: proxyServer(organisation, federation) }),
    ...asOpen('proxy/traefik', { [`${name}.yaml`]: traefikRoutes(organisation, federation) }),
    ...asOpen('admin/servers', { [`${name}.conf`]: adminServer(organisation) }),
  ];
}

/** The files that organisations on this machine share. */
export function renderFederation(federation: FederationPlan, secrets: SharedSecrets): RenderedFile[] {
  return [
    ...asSecrets('shared/secrets', {
      ...secrets,
      'turnserver.conf': turnConfig(federation, secrets),
    }),
    ...asOpen('proxy', { 'nginx.conf': proxyConfig(federation) }),
    ...asOpen('admin', { 'nginx.conf': adminConfig(federation) }),
    ...asOpen('proxy/traefik', { 'tls.yaml': traefikTls() }),
    ...asOpen('proxy/well-known', { 'nginx.conf': wellKnownServer(federation) }),
  ];
}

function asSecrets(folder: string, files: Readonly<Record<string, string>>): RenderedFile[] {
  return rendered(folder, files, true);
}

function asOpen(folder: string, files: Readonly<Record<string, string>>): RenderedFile[] {
  return rendered(folder, files, false);
}

function rendered(folder: string, files: Readonly<Record<string, string>>, secret: boolean): RenderedFile[] {
  return Object.entries(files).map(([name, content]) => ({ path: `${folder}/${name}`, content, secret }));
}
