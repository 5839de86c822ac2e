import type { MessengerProxyPlan, OrganisationPlan } from './plan';

const PROFILES = ['closed-federation', 'tim'] as const;
const INVITES = ['listed', 'permissions', 'contacts'];
const OID = /^\d+(\.\d+)+$/;

type Settings = Readonly<Record<string, string | undefined>>;

/** Notes a mistake where the value of a variable is not right. */
type Check = <T>(variable: string, value: T, right: boolean, expected: string) => T;

/**
 * What the messenger proxies here have in common.
 * @param otherHosts that were looked at already
 */
export function messengerProxies(
  settings: Settings,
  otherHosts: readonly string[],
  check: Check,
): MessengerProxyPlan {
  const { PROXY_INVITES: invites } = settings;
  const wanted = settings.PROXY_PROFILE || 'closed-federation';
  const profile = PROFILES.find((each) => each === wanted);
  check('PROXY_PROFILE', wanted, profile !== undefined, PROFILES.join(' or '));
  if (invites) check('PROXY_INVITES', invites, INVITES.includes(invites), INVITES.join(', '));
  const url = (variable: string): string | undefined => {
    const value = settings[variable];
    if (value) check(variable, value, isHttps(value), 'a URL with https://');
    return value || undefined;
  };
  const directoryUrl = url('PROXY_DIRECTORY_URL');
  if (directoryUrl && whoMayInvite({ profile, invites: invites || undefined }) === 'listed') {
    check('PROXY_DIRECTORY_URL', directoryUrl, false, 'PROXY_INVITES contacts or permissions beside it');
  }
  return {
    profile: profile ?? 'closed-federation',
    invites: invites || undefined,
    list: url('PROXY_LIST'),
    directoryUrl,
    registrationUrl: url('PROXY_REGISTRATION_URL'),
    rawDataUrl: url('PROXY_RAW_DATA_URL'),
    otherHosts,
  };
}

/** Who may invite people here: as somebody says, or as the profile has it. */
export function whoMayInvite({ profile, invites }: Partial<MessengerProxyPlan>): string {
  return invites ?? (profile === 'tim' ? 'permissions' : 'listed');
}

/** Who reports of an organisation's calls are of; nobody where none are made. */
export function reporterOf(
  name: string,
  settings: Settings,
  messengerProxy: boolean,
  check: Check,
): Pick<OrganisationPlan, 'telematikId' | 'professionOid'> {
  if (!messengerProxy || !settings.PROXY_RAW_DATA_URL) return {};
  const value = (suffix: string, form: RegExp, expected: string): string => {
    const variable = `${name.toUpperCase()}_${suffix}`;
    const text = settings[variable] ?? '';
    return check(variable, text, form.test(text), `${expected}, as PROXY_RAW_DATA_URL is set`);
  };
  return {
    telematikId: value('TELEMATIK_ID', /^\S+$/, 'text without white space'),
    professionOid: value('PROFESSION_OID', OID, 'an OID such as 1.2.276.0.76.4.50'),
  };
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}
