import type { FederationPlan, Places } from './plan';

/** Ports of the client and of the admin pages on this machine. vvt's client is on 8003, as in the federation's first version. */
const UI_PORTS: Readonly<Record<string, { element: number; admin: number }>> = {
  apotheek: { element: 8001, admin: 8021 },
  huisarts: { element: 8002, admin: 8022 },
  vvt: { element: 8003, admin: 8023 },
};
const OTHER_UI_PORTS = { element: 8004, admin: 8024 };

/** Where everything of an organisation is in the containers of compose.yaml. */
export function containerPlaces(name: string): Places {
  const database = (of: string) => ({ host: `${name}-${of}-db`, port: 5432 });
  return {
    homeserver: {
      listen: '0.0.0.0',
      clientPort: 8008,
      metricsPort: 9000,
      url: `http://${name}-synapse:8008`,
      config: '/config',
      secrets: '/run/secrets',
      registrations: '/registrations',
      trust: '/trust',
      state: '/state',
      database: database('synapse'),
    },
    bridge: {
      asIngressUrl: `http://${name}-as-ingress:8080`,
      fhirIngressUrl: `http://${name}-fhir-ingress:8080`,
      database: database('bridge'),
    },
    nats: {
      listen: '0.0.0.0',
      port: 4222,
      monitorPort: 8222,
      address: { host: `${name}-nats`, port: 4222 },
      monitorUrl: `http://${name}-nats:8222`,
      state: '/state',
    },
    fhir: { url: `http://${name}-fhir:8080/fhir` },
    mautrix: { url: `http://${name}-mautrix:29328`, port: 29328, database: database('mautrix') },
    messengerProxy: {
      inboundUrl: `http://${name}-messenger-proxy:8090`,
      outboundUrl: `http://${name}-messenger-proxy:8093`,
      contactsUrl: `http://${name}-messenger-proxy:8070`,
      informationUrl: `http://${name}-messenger-proxy:7777`,
      list: '/list/list.jws',
    },
    proxy: {
      certificate: `/run/secrets/${name}.crt`,
      key: `/run/secrets/${name}.key`,
      wellKnown: `/well-known/${name}`,
    },
    element: { port: 8080, config: '/config', web: '/app' },
    admin: { port: uiPortsOf(name).admin, ketesaUrl: 'http://ketesa:8080' },
  };
}

/** Ports on this machine that the pages of an organisation are on. */
export function uiPortsOf(name: string): { element: number; admin: number } {
  return UI_PORTS[name] ?? OTHER_UI_PORTS;
}

/** Where the shared proxy has its things; Docker's own DNS server is at this address in every container. */
export function containerProxy(federationPort: number): FederationPlan['proxy'] {
  return {
    ports: [443, federationPort],
    health: '127.0.0.1:8081',
    resolver: '127.0.0.11',
    servers: '/config/servers',
    temporary: '/tmp',
  };
}
