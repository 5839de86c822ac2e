import { stringify } from 'yaml';
import type { OrganisationPlan } from '../plan';
import { hostOf } from './nginx';

const WELL_KNOWN_SERVICE = 'well-known';

/** Traefik's dynamic configuration of an organisation: a file for its file provider, so that it needs no access to Docker. */
export function traefikRoutes({ name, serverName, places }: OrganisationPlan): string {
  const host = `Host(\`${hostOf(serverName)}\`)`;
  const route = (rule: string, service: string) => ({
    rule: `${host} && ${rule}`,
    service,
    middlewares: [`${name}-headers`],
    tls: {},
  });
  return stringify({
    http: {
      routers: {
        [`${name}-homeserver`]: route('(PathPrefix(`/_matrix/`) || PathPrefix(`/_synapse/client/`))', name),
        [`${name}-well-known`]: route('PathPrefix(`/.well-known/matrix/`)', `${name}-${WELL_KNOWN_SERVICE}`),
      },
      services: {
        [name]: { loadBalancer: { servers: [{ url: places.homeserver.url }] } },
        [`${name}-${WELL_KNOWN_SERVICE}`]: {
          loadBalancer: { servers: [{ url: `http://${WELL_KNOWN_SERVICE}:8080` }] },
        },
      },
      middlewares: { [`${name}-headers`]: { headers: { stsSeconds: 63_072_000, forceSTSHeader: true } } },
    },
    tls: {
      certificates: [{ certFile: places.proxy.certificate, keyFile: places.proxy.key }],
    },
  });
}

/** Options of TLS that hold for all organisations. */
export function traefikTls(): string {
  return stringify({
    tls: {
      options: {
        default: {
          minVersion: 'VersionTLS12',
          // No certificate for names that are not here.
          sniStrict: true,
          cipherSuites: [
            'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
            'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
            'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
          ],
        },
      },
    },
  });
}
