import type { KeyedCertificate } from '@bridge/certificates';
import { stringify } from 'yaml';
import { whoMayInvite } from '../messenger-proxy-settings';
import type { FederationPlan, OrganisationPlan, RenderedFile } from '../plan';
import { natsUrl } from './bridge';

/** Keys and certificates that a messenger proxy is given. */
export interface MessengerProxyCredentials {
  /** What its homeserver trusts. */
  readonly outbound: KeyedCertificate;
  /** Of whoever signs the federation list (PEM). */
  readonly listKey: string;
  /** The authorities of other homeservers' certificates (PEM, one after the other). */
  readonly trust: string;
  /** Access token of an administrator of the homeserver; not set: people's permissions are not asked for, and orphaned rooms stay. */
  readonly adminToken?: string;
  /** Of the organisation's NATS, in which reports of calls wait. */
  readonly natsPassword: string;
}

/** The name of the file with the authority that the homeserver trusts, in its folder of configuration. */
export const OUTBOUND_AUTHORITY = 'outbound.crt';

/** The files of an organisation's messenger proxy, and what its homeserver has of it. */
export function messengerProxyFiles(
  organisation: OrganisationPlan,
  federation: FederationPlan,
  credentials: MessengerProxyCredentials,
): RenderedFile[] {
  const { name } = organisation;
  return [
    {
      path: `${name}/secrets/messenger-proxy.yaml`,
      content: messengerProxyConfig(organisation, federation, credentials),
      secret: true,
    },
    {
      path: `${name}/synapse/${OUTBOUND_AUTHORITY}`,
      content: credentials.outbound.certificatePem,
      secret: false,
    },
  ];
}

/**
 * The file that BRIDGE_CONFIG names for the messenger proxy. It holds the key of the outbound authority, so it is a secret.
 * @throws Error where the settings ask for people's permissions and nobody has given a token to read them with
 */
export function messengerProxyConfig(
  organisation: OrganisationPlan,
  { messengerProxies }: FederationPlan,
  { outbound, listKey, trust, adminToken, natsPassword }: MessengerProxyCredentials,
): string {
  const { name, serverName, publicUrl, federationAddress, privateNetworks, places } = organisation;
  const { profile, invites, list, otherHosts, directoryUrl, registrationUrl, rawDataUrl } = messengerProxies;
  const asksPeople = whoMayInvite(messengerProxies) === 'permissions';
  if (organisation.messengerProxy && asksPeople && adminToken === undefined) {
    throw new Error(
      `${name}/secrets/proxy_admin_token is missing, an access token of the homeserver's administrator, with which ` +
        "people's permissions are read: put it there, or set PROXY_INVITES to listed or contacts",
    );
  }
  const reports = organisation.messengerProxy && rawDataUrl !== undefined;
  return stringify({
    log: { format: 'json' },
    matrix: { serverName },
    ...(reports && { nats: { url: natsUrl(organisation, natsPassword) } }),
    proxy: {
      profile,
      homeserverUrl: places.homeserver.url,
      list: list ?? places.messengerProxy.list,
      listKey,
      invites,
      adminToken,
      // It needs an administrator as well.
      ...(adminToken === undefined && { orphanedRoomMs: 0 }),
      directoryUrl,
      registrationUrl,
      ...(reports && {
        rawDataUrl,
        rawDataInstanceId: `${name}-messenger-proxy`,
        rawDataProfessionOid: organisation.professionOid,
        rawDataTelematikId: organisation.telematikId,
      }),
      wellKnownServer: federationAddress,
      wellKnownClientUrl: publicUrl,
      outbound: 'intercept',
      outboundCertificate: outbound.certificatePem,
      outboundKey: outbound.privateKeyPem,
      outboundTrust: trust,
      outboundNetworks: privateNetworks,
      ...(otherHosts.length > 0 && { outboundOtherHosts: otherHosts }),
    },
  });
}

/**
 * What nginx hands to the messenger proxy beside the calls of Matrix: where the homeserver is, and the two interfaces that
 * the profile tim adds. Whom to write to (`support`) the proxy does not know: that file stays with nginx.
 */
export function messengerProxyLocations(
  { places }: OrganisationPlan,
  { messengerProxies }: FederationPlan,
): string {
  const { contactsUrl, informationUrl } = places.messengerProxy;
  const wellKnown = ['server', 'client'].map((name) =>
    location(`= /.well-known/matrix/${name}`, '$homeserver'),
  );
  if (messengerProxies.profile !== 'tim') return wellKnown.join('\n');
  return [
    ...wellKnown,
    `set $contacts ${new URL(contactsUrl).host};`,
    location('^~ /tim-contact-mgmt/', '$contacts'),
    `set $information ${new URL(informationUrl).host};`,
    location('^~ /tim-information/', '$information'),
  ].join('\n');
}

function location(what: string, upstream: string): string {
  return `location ${what} {
  proxy_pass http://${upstream};
}`;
}
