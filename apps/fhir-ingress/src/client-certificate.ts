import { X509Certificate } from 'node:crypto';
import { BlockList, isIPv6 } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Config } from '@bridge/platform';
import type { FastifyRequest } from 'fastify';

type Settings = Pick<Config['notifications'], 'certificateHeader' | 'trustedProxies'>;

/**
 * Finds the verified client certificate of a request: of its TLS connection where this process ends TLS itself, else
 * in the header of a trusted proxy, which has verified it.
 * @returns a function; its result is undefined where there is no such certificate
 */
export function clientCertificates({
  certificateHeader,
  trustedProxies = [],
}: Settings): (request: Pick<FastifyRequest, 'headers' | 'raw'>) => X509Certificate | undefined {
  const proxies = blockListOf(trustedProxies);
  return ({ headers, raw: { socket } }) => {
    // Only what the authorities of this process have signed; any certificate can be shown.
    if (socket instanceof TLSSocket && socket.authorized) return socket.getPeerX509Certificate();
    if (certificateHeader === undefined || !isIn(proxies, socket.remoteAddress)) return undefined;
    const value = headers[certificateHeader];
    return typeof value === 'string' ? certificateIn(value) : undefined;
  };
}

const ENVOY_CERTIFICATE = /(?:^|[;,])\s*Cert="?([^";,]+)"?/gi;
const PEM_EDGES = /-----(?:BEGIN|END) CERTIFICATE-----/g;

/**
 * Reads the one certificate in a proxy's header, in any of the forms that proxies have: `:base64:` (RFC 9440), PEM in
 * URL encoding (nginx, AWS ALB), base64 alone (HAProxy, Traefik), `Cert="…"` (Envoy, X-Forwarded-Client-Cert).
 * @returns undefined for anything else, and for two: a proxy that adds to a header that the client sent trusts the client
 */
export function certificateIn(value: string): X509Certificate | undefined {
  const ofEnvoy = [...value.matchAll(ENVOY_CERTIFICATE)].map(([, certificate]) => certificate);
  if (ofEnvoy.length > 1) return undefined;
  try {
    const text = decodeURIComponent(ofEnvoy[0] ?? value).trim();
    if ((text.match(PEM_EDGES) ?? []).length > 2) return undefined;
    const base64 = text
      .replace(PEM_EDGES, '')
      .replace(/\s/g, '')
      .replace(/^:(.*):$/, '$1');
    const der = Buffer.from(base64, 'base64');
    // Node ignores what is no base64 (a comma and a second certificate), and what follows the first certificate.
    if (der.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return undefined;
    const certificate = new X509Certificate(der);
    return certificate.raw.length === der.length ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** An IPv4 address in IPv6 form, as a socket that listens on both has it, counts as the IPv4 address. */
function isIn(list: BlockList, address: string | undefined): boolean {
  return address !== undefined && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
