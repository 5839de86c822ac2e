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
    ...directoryMistakes(proxy),
    ...orphanMistakes(proxy),
    ...rawDataMistakes(proxy),
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

function inviteMistakes(proxy: ProxyConfig): ConfigMistake[] {
  const { list, adminToken } = proxy;
  if (list === undefined || inviters(proxy) !== 'permissions' || adminToken !== undefined) return [];
  return [
    {
      setting: nameOf('adminToken'),
      problem: "is not set, and people's permissions could not be read",
      mend: `set it, or ${proxySettings.proxy.invites.env} to listed or contacts`,
    },
  ];
}

function directoryMistakes(proxy: ProxyConfig): ConfigMistake[] {
  if (proxy.directoryUrl === undefined || inviters(proxy) !== 'listed') return [];
  return [
    {
      setting: nameOf('directoryUrl'),
      problem: 'is set, and everybody of the list may invite people here: it would never be asked',
      mend: `set ${proxySettings.proxy.invites.env} to contacts or permissions, or leave it out`,
    },
  ];
}

function orphanMistakes({ list, profile, orphanedRoomMs, adminToken }: ProxyConfig): ConfigMistake[] {
  const removes = orphanedRoomMs === undefined ? profile === 'tim' : orphanedRoomMs > 0;
  if (list === undefined || !removes || adminToken !== undefined) return [];
  return [
    {
      setting: nameOf('adminToken'),
      problem: 'is not set, and orphaned rooms could not be removed',
      mend: `set it, or ${proxySettings.proxy.orphanedRoomMs.env} to 0`,
    },
  ];
}

function rawDataMistakes(proxy: ProxyConfig): ConfigMistake[] {
  if (proxy.rawDataUrl === undefined) return [];
  const needed = ['rawDataInstanceId', 'rawDataProfessionOid', 'rawDataTelematikId'] as const;
  return needed
    .filter((key) => proxy[key] === undefined)
    .map((key) => ({
      setting: nameOf(key),
      problem: `is not set, and ${proxySettings.proxy.rawDataUrl.env} is`,
      mend: 'set it: every report has to name it',
    }));
}

function inviters({ profile, invites }: ProxyConfig): Config['proxy']['invites'] {
  return invites ?? (profile === 'tim' ? 'permissions' : 'listed');
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
