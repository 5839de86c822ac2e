import { stringify } from 'yaml';
import type { FederationPlan, OrganisationPlan } from '../plan';
import { hostOf } from './nginx';

const WELL_KNOWN_SERVICE = 'well-known';

/** Traefik's dynamic configuration of an organisation: a file for its file provider, so that it needs no access to Docker. */
export function traefikRoutes(
  { name, serverName, messengerProxy: isGuarded, places }: OrganisationPlan,
  { messengerProxies }: FederationPlan,
): string {
  const { inboundUrl, contactsUrl, informationUrl } = places.messengerProxy;
  const isTim = isGuarded && messengerProxies.profile === 'tim';
  const api = 'PathPrefix(`/_matrix/`) || PathPrefix(`/_synapse/client/`)';
  // The messenger proxy tells itself where the homeserver is, but not whom to write to.
  const whereabouts = 'Path(`/.well-known/matrix/server`) || Path(`/.well-known/matrix/client`)';
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
        [`${name}-homeserver`]: route(isGuarded ? `(${api} || ${whereabouts})` : `(${api})`, name),
        [`${name}-well-known`]: route(
          isGuarded ? 'Path(`/.well-known/matrix/support`)' : 'PathPrefix(`/.well-known/matrix/`)',
          `${name}-${WELL_KNOWN_SERVICE}`,
        ),
        ...(isTim && {
          [`${name}-contacts`]: route('PathPrefix(`/tim-contact-mgmt/`)', `${name}-contacts`),
          [`${name}-information`]: route('PathPrefix(`/tim-information/`)', `${name}-information`),
        }),
      },
      services: {
        [name]: serviceAt(isGuarded ? inboundUrl : places.homeserver.url),
        [`${name}-${WELL_KNOWN_SERVICE}`]: serviceAt(`http://${WELL_KNOWN_SERVICE}:8080`),
        ...(isTim && {
          [`${name}-contacts`]: serviceAt(contactsUrl),
          [`${name}-information`]: serviceAt(informationUrl),
        }),
      },
      middlewares: { [`${name}-headers`]: { headers: { stsSeconds: 63_072_000, forceSTSHeader: true } } },
    },
    tls: {
      certificates: [{ certFile: places.proxy.certificate, keyFile: places.proxy.key }],
    },
  });
}

function serviceAt(url: string): object {
  return { loadBalancer: { servers: [{ url }] } };
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
