import type { MessengerProxyPlan } from './plan';

const PROFILES = ['closed-federation', 'tim'] as const;
const INVITES = ['listed', 'permissions', 'contacts'];

/** Notes a mistake where the value of a variable is not right. */
type Check = <T>(variable: string, value: T, right: boolean, expected: string) => T;

/**
 * What the messenger proxies here have in common.
 * @param otherHosts that were looked at already
 */
export function messengerProxies(
  settings: Readonly<Record<string, string | undefined>>,
  otherHosts: readonly string[],
  check: Check,
): MessengerProxyPlan {
  const { PROXY_INVITES: invites, PROXY_LIST: list } = settings;
  const wanted = settings.PROXY_PROFILE || 'closed-federation';
  const profile = PROFILES.find((each) => each === wanted);
  check('PROXY_PROFILE', wanted, profile !== undefined, PROFILES.join(' or '));
  if (invites) check('PROXY_INVITES', invites, INVITES.includes(invites), INVITES.join(', '));
  if (list) check('PROXY_LIST', list, isHttps(list), 'a URL with https://');
  return {
    profile: profile ?? 'closed-federation',
    invites: invites || undefined,
    list: list || undefined,
    otherHosts,
  };
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}
