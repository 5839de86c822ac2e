import type { FederationPlan } from '../plan';
import type { SharedSecrets } from '../secrets';

/** Networks that nobody may reach through the TURN server: it is inside, and its users are not. */
const INSIDE = [
  '0.0.0.0-0.255.255.255',
  '10.0.0.0-10.255.255.255',
  '100.64.0.0-100.127.255.255',
  '127.0.0.0-127.255.255.255',
  '169.254.0.0-169.254.255.255',
  '172.16.0.0-172.31.255.255',
  '192.0.0.0-192.0.0.255',
  '192.168.0.0-192.168.255.255',
  '::1',
  'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];

/** turnserver.conf: passwords of an hour that the homeservers make from the shared secret (TURN REST API). */
export function turnConfig({ turn }: FederationPlan, { turn_secret }: SharedSecrets): string {
  const { host, port, relayPorts, externalAddress } = turn ?? {
    host: 'turn.invalid',
    port: 3478,
    relayPorts: [49_160, 49_200] as const,
    externalAddress: undefined,
  };
  return [
    `listening-port=${port}`,
    `min-port=${relayPorts[0]}`,
    `max-port=${relayPorts[1]}`,
    `realm=${host}`,
    ...(externalAddress ? [`external-ip=${externalAddress}`] : []),
    'use-auth-secret',
    `static-auth-secret=${turn_secret}`,
    'fingerprint',
    'no-cli',
    'no-tls',
    'no-dtls',
    'no-multicast-peers',
    'no-tcp-relay',
    'user-quota=12',
    'total-quota=1200',
    ...INSIDE.map((range) => `denied-peer-ip=${range}`),
    'log-file=stdout',
    'simple-log',
    'pidfile=/tmp/turnserver.pid',
    'userdb=/tmp/turndb',
    '',
  ].join('\n');
}
