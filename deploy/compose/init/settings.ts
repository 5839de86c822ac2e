import { isIPv4 } from 'node:net';
import type { Owner } from './data-folder';
import { containerPlaces, containerProxy } from './places';
import { messengerProxies, reporterOf } from './messenger-proxy-settings';
import type { FederationPlan, OrganisationPlan } from './plan';

const PORT = /^([1-9]\d{0,4})$/;
const NAME = /^[a-z][a-z0-9]{0,30}$/;
const HOST = /^(?=.{1,230}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const EMAIL = /^[^\s@"\\]+@[^\s@"\\]+$/;
/** One line that needs no quoting anywhere it is written. */
const TITLE = /^[^\p{C}"\\$]{1,100}$/u;
/** Below are the users of distributions and of images. */
const LEAST_UID = 10_000;

/** Every mistake in the settings, each with what is expected. */
export class SettingsError extends Error {
  constructor(readonly mistakes: readonly string[]) {
    super(['The settings have mistakes:', ...mistakes.map((mistake) => `  - ${mistake}`)].join('\n'));
  }
}

/** The settings by the names of their environment variables. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** What the variables mean, for `--help`. */
export const VARIABLES: Readonly<Record<string, string>> = {
  '<NAME>_SERVER_NAME': 'an organisation <name>, and what follows the colon in its Matrix ids',
  '<NAME>_TITLE': 'its name as people read it; default: the server name',
  '<NAME>_SUBNET': 'network (CIDR) of its containers, which its homeserver may call although it is private',
  '<NAME>_MESSENGER_PROXY':
    'true: the messenger proxy stands before its homeserver (profile tim); default false',
  '<NAME>_TELEMATIK_ID': 'its Telematik-ID, which reports of calls name (PROXY_RAW_DATA_URL)',
  '<NAME>_PROFESSION_OID': 'what it is, as an OID, which reports of calls name',
  FEDERATION_PORT: 'port of the proxy for homeservers and clients; default 8448',
  PEERS: 'server names of organisations elsewhere, separated by commas',
  PEER_NETWORKS: 'private networks (CIDR) that they are in, separated by commas',
  SUPPORT_EMAIL: 'address in .well-known/matrix/support',
  TURN_HOST: 'host name of the TURN server; not set: no calls through one',
  TURN_EXTERNAL_ADDRESS: 'its public IPv4 address, where the machine is behind address translation',
  MAUTRIX: 'organisations that have mautrix-signal as a second bridge, separated by commas',
  PROXY_PROFILE: 'what the messenger proxies ask of requests: closed-federation (default) or tim',
  PROXY_INVITES:
    'who may invite people here: listed, permissions or contacts; default: as the profile has it',
  PROXY_LIST:
    'URL of the federation list, where it is neither made here nor put into the folder federation-list',
  PROXY_DIRECTORY_URL: 'URL where a directory of the federation is asked who may invite whom',
  PROXY_REGISTRATION_URL: 'URL of the registration service, which tells the support contacts',
  PROXY_RAW_DATA_URL: 'URL that gets a report of each counted call (raw data)',
  PROXY_OUTBOUND_OTHER_HOSTS: 'hosts beside homeservers that may be called through them, separated by commas',
  RUN_AS: 'user and group of the containers, such as 10001:10001; at least 10000',
};

/**
 * Reads the plan from the environment.
 * @throws SettingsError with all mistakes at once
 */
export function readSettings(settings: Settings): { federation: FederationPlan; owner: Owner | undefined } {
  const mistakes: string[] = [];
  const check = <T>(variable: string, value: T, right: boolean, expected: string): T => {
    if (!right) mistakes.push(`${variable} is ${JSON.stringify(value)}; expected: ${expected}`);
    return value;
  };
  const list = (variable: string, right: (each: string) => boolean, expected: string): string[] => {
    const values = split(settings[variable]);
    for (const value of values) check(variable, value, right(value), expected);
    return values;
  };

  const flag = (variable: string): boolean => {
    const value = settings[variable] || 'false';
    return check(variable, value, ['true', 'false'].includes(value), 'true or false') === 'true';
  };

  const federationPort = settings.FEDERATION_PORT || '8448';
  check('FEDERATION_PORT', federationPort, isPort(federationPort), 'a port, from 1 to 65535');
  const port = Number(federationPort);
  const peers = list(
    'PEERS',
    (each) => HOST.test(each),
    'server names such as huisarts.example, without a port',
  );
  const peerNetworks = list('PEER_NETWORKS', isNetwork, 'networks such as 10.1.0.0/16');
  const names = organisationNames(settings);
  if (names.length === 0) {
    mistakes.push('No organisation: set at least one <NAME>_SERVER_NAME, such as VVT_SERVER_NAME=vvt');
  }
  const mautrix = list('MAUTRIX', (each) => names.includes(each), `some of ${names.join(', ')}`);

  const organisations = names.map((name): OrganisationPlan => {
    const variable = (suffix: string): string => `${name.toUpperCase()}_${suffix}`;
    const serverName = settings[variable('SERVER_NAME')] ?? '';
    check(
      variable('SERVER_NAME'),
      serverName,
      HOST.test(serverName),
      'a host name in lower case, without a port',
    );
    const title = settings[variable('TITLE')] || serverName;
    check(variable('TITLE'), title, TITLE.test(title), 'up to 100 characters on one line, without " \\ or $');
    const messengerProxy = flag(variable('MESSENGER_PROXY'));
    const subnet = settings[variable('SUBNET')] ?? '';
    check(variable('SUBNET'), subnet, isNetwork(subnet), 'a network such as 172.30.3.0/24');
    return {
      name: check('The name of an organisation', name, NAME.test(name), 'letters and digits, a letter first'),
      serverName,
      title,
      publicUrl: `https://${serverName}${port === 443 ? '' : `:${port}`}`,
      federationAddress: `${serverName}:${port}`,
      privateNetworks: [subnet, ...peerNetworks],
      mautrix: mautrix.includes(name),
      messengerProxy,
      ...reporterOf(name, settings, messengerProxy, check),
      places: containerPlaces(name),
    };
  });
  for (const twice of doubled([...organisations.map(({ serverName }) => serverName), ...peers])) {
    mistakes.push(
      `The server name ${JSON.stringify(twice)} is given twice; expected: each once, here or among PEERS`,
    );
  }

  const { SUPPORT_EMAIL: supportEmail, TURN_HOST: turnHost, TURN_EXTERNAL_ADDRESS: turnAddress } = settings;
  if (supportEmail) check('SUPPORT_EMAIL', supportEmail, EMAIL.test(supportEmail), 'an e-mail address');
  if (turnHost) check('TURN_HOST', turnHost, HOST.test(turnHost), 'a host name in lower case');
  if (turnAddress) check('TURN_EXTERNAL_ADDRESS', turnAddress, isIPv4(turnAddress), 'an IPv4 address');
  const hosts = list('PROXY_OUTBOUND_OTHER_HOSTS', (each) => HOST.test(each), 'host names in lower case');
  const messengerProxyPlan = messengerProxies(settings, hosts, check);
  const owner = ownerOf(settings.RUN_AS);
  if (settings.RUN_AS) {
    check('RUN_AS', settings.RUN_AS, owner !== undefined, `uid:gid, both at least ${LEAST_UID}`);
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);

  return {
    owner,
    federation: {
      organisations,
      peers,
      authorities: ['ca.crt'],
      supportEmail: supportEmail || undefined,
      turn: turnHost
        ? {
            host: turnHost,
            port: 3478,
            relayPorts: [49_160, 49_200],
            externalAddress: turnAddress || undefined,
          }
        : undefined,
      messengerProxies: messengerProxyPlan,
      proxy: containerProxy(port),
    },
  };
}

function organisationNames(settings: Settings): string[] {
  const variables = Object.keys(settings).filter((name) => settings[name]);
  return variables.flatMap((name) => /^(.+)_SERVER_NAME$/.exec(name)?.[1]?.toLowerCase() ?? []).sort();
}

function split(value: string | undefined): string[] {
  return (value ?? '').split(/[\s,]+/).filter((each) => each !== '');
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

function isNetwork(text: string): boolean {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  return isIPv4(address) && Number(bits) >= 8 && Number(bits) <= 32;
}

function ownerOf(text: string | undefined): Owner | undefined {
  const [, uid, gid] = /^(\d{5,9}):(\d{5,9})$/.exec(text ?? '') ?? [];
  const owner = { uid: Number(uid), gid: Number(gid) };
  return owner.uid >= LEAST_UID && owner.gid >= LEAST_UID ? owner : undefined;
}

function doubled(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
