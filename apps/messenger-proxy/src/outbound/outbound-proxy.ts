import { LRUCache } from 'lru-cache';
import type { MessengerProxyConfig } from '../app.module';
import type { ListKeeper } from '../federation-list/list-keeper';
import { Forwarder } from '../server/forwarder';
import { type OutboundHooks, ConnectProxy } from './connect-proxy';
import { KnownHosts } from './known-hosts';
import { LeafCertificates } from './leaf-certificates';
import { OutboundCalls, type Tunnel } from './outbound-calls';
import { PrivateAddresses } from './private-addresses';

/** Servers that a way is kept open to. */
const MAX_SERVERS = 1_000;
const CONNECTIONS_PER_SERVER = 50;

/** The proxy on the way out, as the settings have it. */
export function outboundProxy(
  { proxy, matrix }: MessengerProxyConfig,
  list: ListKeeper,
  hooks: OutboundHooks,
): ConnectProxy {
  const addresses = new PrivateAddresses(proxy.outboundNetworks ?? []);
  const isListed = (server: string) => list.isListed(server);
  const hosts = new KnownHosts(isListed, () => list.current().domains());
  const ways = new LRUCache<string, Forwarder>({
    max: MAX_SERVERS,
    dispose: (forwarder) => void forwarder.close(),
  });
  const forwarderFor = ({ host, port, name }: Tunnel): Forwarder => {
    const id = `${host}:${port} ${name}`;
    const present = ways.get(id);
    if (present) return present;
    const way = new Forwarder(`https://${host}:${port}`, CONNECTIONS_PER_SERVER, {
      servername: name,
      lookup: addresses.lookup,
      ...(proxy.outboundTrust !== undefined && { ca: proxy.outboundTrust }),
    });
    ways.set(id, way);
    return way;
  };
  const { outboundCertificate: certificatePem, outboundKey: privateKeyPem } = proxy;
  const intercept =
    proxy.outbound === 'intercept' && certificatePem !== undefined && privateKeyPem !== undefined
      ? {
          certificates: new LeafCertificates({ certificatePem, privateKeyPem }),
          calls: new OutboundCalls({ ownServer: matrix.serverName, hosts, isListed, forwarderFor }),
        }
      : undefined;
  return new ConnectProxy({
    hosts,
    addresses,
    otherHosts: new Set(proxy.outboundOtherHosts ?? []),
    intercept,
    ...hooks,
  });
}
