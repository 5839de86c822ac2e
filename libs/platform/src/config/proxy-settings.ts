import type { Setting } from './setting';
import { networks } from './compound-schemas';
import { fileOrUrl, hostNames, pemPublicKey, words } from './proxy-schemas';
import { proxyServiceSettings } from './proxy-service-settings';
import {
  matching,
  oneOf,
  pemCertificates,
  pemKey,
  secretText,
  url,
  wholeNumber,
  yesOrNo,
} from './setting-schemas';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const port = () => wholeNumber(0, 65_535);

/** The messenger proxy, which guards a homeserver's edges. What is not set comes from the profile. */
export const proxySettings = {
  proxy: {
    profile: {
      env: 'PROXY_PROFILE',
      schema: oneOf(['closed-federation', 'tim']),
      default: 'closed-federation',
      doc: 'What is asked of requests: the federation list and who may invite whom; or all that gematik asks of a TI-Messenger.',
    },
    homeserverUrl: {
      env: 'PROXY_HOMESERVER_URL',
      schema: url(['https', 'http']),
      doc: 'Where the homeserver behind the proxy listens, for clients and for other homeservers.',
    },
    inboundPort: {
      env: 'PROXY_INBOUND_PORT',
      schema: port(),
      default: 8090,
      doc: 'Port for clients and other homeservers.',
    },
    inboundCertificate: {
      env: 'PROXY_INBOUND_CERTIFICATE',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: 'The certificate for that port, with the intermediate ones behind it; not set: TLS ends in front of the proxy.',
    },
    inboundKey: {
      env: 'PROXY_INBOUND_KEY',
      schema: pemKey(),
      optional: true,
      secret: true,
      doc: 'Its private key.',
    },
    outboundPort: {
      env: 'PROXY_OUTBOUND_PORT',
      schema: port(),
      default: 8093,
      doc: "Port of the proxy that the homeserver calls others through (the homeserver's https_proxy).",
    },
    contactsPort: {
      env: 'PROXY_CONTACTS_PORT',
      schema: port(),
      optional: true,
      doc: 'Port of the contact management, where people say who may invite them; by profile: none, and 8070 for tim.',
    },
    informationPort: {
      env: 'PROXY_INFORMATION_PORT',
      schema: port(),
      optional: true,
      doc: 'Port where clients ask about homeservers of the list; by profile: none, and 7777 for tim.',
    },
    connections: {
      env: 'PROXY_CONNECTIONS',
      schema: wholeNumber(10, 100_000),
      default: 10_000,
      doc: 'The most requests to the homeserver at once; a client that waits for news is one.',
    },
    list: {
      env: 'PROXY_LIST',
      schema: fileOrUrl(),
      doc: 'Where the signed federation list is.',
    },
    listAlgorithm: {
      env: 'PROXY_LIST_ALGORITHM',
      schema: oneOf(['ES256', 'BP256R1']),
      default: 'ES256',
      doc: 'The one algorithm that a federation list may be signed with.',
    },
    listKey: {
      env: 'PROXY_LIST_KEY',
      schema: pemPublicKey(),
      optional: true,
      secret: true,
      doc: 'The public key of whoever signs the list; for a list that comes without certificates.',
    },
    listAuthorities: {
      env: 'PROXY_LIST_AUTHORITIES',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: "Authorities under one of which the certificate of the list's signer (x5c) has to be.",
    },
    listIntervalMs: {
      env: 'PROXY_LIST_INTERVAL_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 60_000,
      doc: 'Time between two looks for a newer list, in milliseconds.',
    },
    listTimeToLiveMs: {
      env: 'PROXY_LIST_TTL_MS',
      schema: wholeNumber(1000, 90 * DAY_MS),
      default: DAY_MS,
      doc: 'How long a list counts after it was last confirmed, in milliseconds; after that nobody else is let in or called.',
    },
    checkSignatures: {
      env: 'PROXY_CHECK_SIGNATURES',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether the signature of each request of a homeserver is checked before anything else is done with it.',
    },
    allowList: {
      env: 'PROXY_ALLOW_LIST',
      schema: matching(/^\/\S+$/, 'the absolute path of a file'),
      optional: true,
      doc: 'A file with the calls that clients may make instead of those of Matrix 1.11: a line each, method, path and rule.',
    },
    otherClientCalls: {
      env: 'PROXY_OTHER_CLIENT_CALLS',
      schema: oneOf(['forward', 'refuse']),
      optional: true,
      doc: 'What becomes of calls of clients that are not in that table; by profile: forward, and refuse for tim.',
    },
    versionCeiling: {
      env: 'PROXY_VERSION_CEILING',
      schema: matching(/^v\d+\.\d+$/, 'a version such as v1.11'),
      optional: true,
      doc: 'The newest version of Matrix that clients are told of; by profile: all, and v1.11 for tim.',
    },
    roomVersions: {
      env: 'PROXY_ROOM_VERSIONS',
      schema: words(),
      optional: true,
      doc: 'Room versions that may be made, first the one for those who ask for none; by profile: all, and 10,9 for tim.',
    },
    invites: {
      env: 'PROXY_INVITES',
      schema: oneOf(['listed', 'permissions', 'contacts']),
      optional: true,
      doc: 'Who may invite people here: everybody of the list; those whom they permit in their account data; or those among their contacts. By profile: listed, and permissions for tim.',
    },
    inviteDefault: {
      env: 'PROXY_INVITE_DEFAULT',
      schema: oneOf(['allow all', 'block all']),
      default: 'allow all',
      doc: 'What holds for people who have not said who may invite them.',
    },
    adminToken: {
      env: 'PROXY_ADMIN_TOKEN',
      schema: secretText(16),
      optional: true,
      secret: true,
      doc: "Access token of an administrator of the homeserver, with which people's permissions are read and orphaned rooms are removed.",
    },
    rememberMs: {
      env: 'PROXY_REMEMBER_MS',
      schema: wholeNumber(0, HOUR_MS),
      default: 60_000,
      doc: "How long it is remembered whose an access token is, what somebody permits and a directory's yes, in milliseconds; changes through the proxy count at once.",
    },
    wellKnownServer: {
      env: 'PROXY_WELL_KNOWN_SERVER',
      schema: matching(/^[A-Za-z0-9.:[\]-]+$/, 'a host, and a port where it is not 8448'),
      optional: true,
      doc: "Where other homeservers find this one (/.well-known/matrix/server); not set: the server name's host, port 443.",
    },
    wellKnownClientUrl: {
      env: 'PROXY_WELL_KNOWN_CLIENT_URL',
      schema: url(['https', 'http']),
      optional: true,
      doc: "Where clients find it (/.well-known/matrix/client); not set: the homeserver's own answer.",
    },
    outbound: {
      env: 'PROXY_OUTBOUND',
      schema: oneOf(['intercept', 'pass-through', 'off']),
      default: 'pass-through',
      doc: 'What is looked at on the way out: requests, which needs an own authority that the homeserver trusts; or the names that are called.',
    },
    outboundCertificate: {
      env: 'PROXY_OUTBOUND_CA_CERTIFICATE',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: 'For intercept: the authority that signs the certificates which the homeserver sees (EC P-256).',
    },
    outboundKey: {
      env: 'PROXY_OUTBOUND_CA_KEY',
      schema: pemKey(),
      optional: true,
      secret: true,
      doc: 'Its private key.',
    },
    outboundTrust: {
      env: 'PROXY_OUTBOUND_TRUST',
      schema: pemCertificates(),
      optional: true,
      secret: true,
      doc: "For intercept: the authorities of other homeservers' certificates; not set: the public ones.",
    },
    outboundNetworks: {
      env: 'PROXY_OUTBOUND_NETWORKS',
      schema: networks(),
      optional: true,
      doc: 'Private networks in which homeservers may be called; not set: none.',
    },
    outboundOtherHosts: {
      env: 'PROXY_OUTBOUND_OTHER_HOSTS',
      schema: hostNames(),
      optional: true,
      doc: 'Hosts beside homeservers that may be called, such as push gateways and a login provider.',
    },
    ...proxyServiceSettings,
  },
} as const satisfies Record<string, Record<string, Setting>>;
