import type { IncomingMessage } from 'node:http';
import type { InviteContactStore } from '@bridge/persistence';
import type { MessengerProxyConfig } from '../app.module';
import type { ListKeeper } from '../federation-list/list-keeper';
import type { HomeserverClient } from '../homeserver-client';
import { directoryOf } from '../invites/directory';
import { InvitePermission } from '../invites/invite-permission';
import { PermissionSource } from '../invites/permission-source';
import { TokenOwners } from '../invites/token-owners';
import { type Profile, profileOf } from '../profile';
import type { Refusal } from '../requests/refusal';
import { NotarizedKeys } from '../requests/server-keys';
import { hostOf } from '../requests/server-name';
import { federationRoutes } from '../routes/federation-routes';
import { RouteTable } from '../routes/route-table';
import { Guard } from '../rules/guard';
import type { Forwarder } from '../server/forwarder';
import { ClientCalls } from './client-calls';
import { FederationCalls } from './federation-calls';
import { InboundProxy } from './inbound-proxy';
import { supportOf } from './support-contacts';

export interface InboundSources {
  readonly config: MessengerProxyConfig;
  readonly homeserver: Forwarder;
  readonly client: HomeserverClient;
  readonly list: ListKeeper;
  readonly contacts: InviteContactStore;
}

/** Who is told of what passes. */
export interface InboundHooks {
  readonly onRefusal: (refusal: Refusal, failure: unknown) => void;
  readonly onInvite: (request: IncomingMessage, isOwn: boolean) => void;
}

/** The proxy on the way in, as the settings have it. */
export function inboundEdge(sources: InboundSources, { onRefusal, onInvite }: InboundHooks): InboundProxy {
  const { config, homeserver, client } = sources;
  const { proxy, matrix } = config;
  const profile = profileOf(proxy);
  const { rememberMs } = proxy;
  const permissions = new PermissionSource(client.accountData, profile.clientRules.permissions, rememberMs);
  const guard = guardOf(sources, profile, permissions);
  return new InboundProxy({
    clientTable: new RouteTable(profile.clientRoutes),
    federationTable: new RouteTable(federationRoutes()),
    clientCalls: new ClientCalls({
      guard,
      rules: profile.clientRules,
      homeserver,
      owners: new TokenOwners(client.whoami, rememberMs),
      permissionsChanged: (userId) => permissions.forget(userId),
      onInvite,
      now: Date.now,
    }),
    federationCalls: new FederationCalls({
      guard,
      homeserver,
      keys: proxy.checkSignatures ? new NotarizedKeys(client.keys) : undefined,
    }),
    homeserver,
    wellKnown: {
      server: proxy.wellKnownServer ?? `${hostOf(matrix.serverName)}:443`,
      clientUrl: proxy.wellKnownClientUrl,
      support: supportOf(proxy, matrix.serverName),
    },
    otherClientCalls: profile.otherClientCalls,
    onRefusal,
  });
}

function guardOf(
  { config, list, contacts }: InboundSources,
  profile: Profile,
  permissions: PermissionSource,
) {
  const { proxy, matrix } = config;
  const { directoryUrl, rememberMs } = proxy;
  const invites = new InvitePermission({
    policy: profile.invites,
    permissions,
    contacts,
    directory: directoryUrl === undefined ? undefined : directoryOf(directoryUrl, rememberMs),
    list: () => list.current(),
    now: Date.now,
  });
  return new Guard({
    ownServer: matrix.serverName,
    isListed: (server) => list.isListed(server),
    mayInvite: (inviter, invitee) => invites.mayInvite(inviter, invitee),
  });
}
