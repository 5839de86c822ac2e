import type { ConfigMistake } from './config-error';
import { proxySettings } from './proxy-settings';
import type { Config } from './settings';

type ProxyConfig = Partial<Config['proxy']>;
type Key = keyof typeof proxySettings.proxy;

const nameOf = (key: Key): string => `${proxySettings.proxy[key].env} (proxy.${key})`;

/** Settings of the proxy that only make sense together. */
export function proxyMistakes(proxy: ProxyConfig): ConfigMistake[] {
  return [
    ...trustMistakes(proxy),
    ...inviteMistakes(proxy),
    ...inboundMistakes(proxy),
    ...outboundMistakes(proxy),
  ];
}

function trustMistakes({ list, listKey, listAuthorities }: ProxyConfig): ConfigMistake[] {
  if (list === undefined || (listKey === undefined) !== (listAuthorities === undefined)) return [];
  return [
    {
      setting: nameOf('listKey'),
      problem:
        listKey === undefined
          ? 'is not set, and nobody is named whose list counts'
          : 'is set beside authorities',
      mend: `set it, or ${proxySettings.proxy.listAuthorities.env} for a list with certificates; one of the two`,
    },
  ];
}

function inviteMistakes({ list, profile, invites, adminToken }: ProxyConfig): ConfigMistake[] {
  const asked = invites ?? (profile === 'tim' ? 'permissions' : 'listed');
  if (list === undefined || asked !== 'permissions' || adminToken !== undefined) return [];
  return [
    {
      setting: nameOf('adminToken'),
      problem: "is not set, and people's permissions could not be read",
      mend: `set it, or ${proxySettings.proxy.invites.env} to listed or contacts`,
    },
  ];
}

function inboundMistakes({ inboundCertificate, inboundKey }: ProxyConfig): ConfigMistake[] {
  if ((inboundCertificate === undefined) === (inboundKey === undefined)) return [];
  const [absent, present] =
    inboundKey === undefined
      ? (['inboundKey', 'inboundCertificate'] as const)
      : (['inboundCertificate', 'inboundKey'] as const);
  return [
    {
      setting: nameOf(absent),
      problem: `is not set, and ${proxySettings.proxy[present].env} is`,
      mend: 'set both, or neither',
    },
  ];
}

function outboundMistakes({ outbound, outboundCertificate, outboundKey }: ProxyConfig): ConfigMistake[] {
  if (outbound !== 'intercept') return [];
  const missing: Key[] = [];
  if (outboundCertificate === undefined) missing.push('outboundCertificate');
  if (outboundKey === undefined) missing.push('outboundKey');
  return missing.map((key) => ({
    setting: nameOf(key),
    problem: `is not set, and ${proxySettings.proxy.outbound.env} is intercept`,
    mend: 'set it, or have connections passed through',
  }));
}
