import { randomBytes } from 'node:crypto';
import { buildRegistration } from '@bridge/matrix';
import type { BridgeEnvironment } from './bridge';

/** What only the bridge and the servers beside it know. */
export type BridgeSecrets = Pick<
  BridgeEnvironment,
  'asToken' | 'hsToken' | 'notificationSecret' | 'encryptionKey'
>;

/** New ones, for one run. */
export function bridgeSecrets(): BridgeSecrets {
  return {
    asToken: secret(),
    hsToken: secret(),
    notificationSecret: secret(),
    encryptionKey: randomBytes(32).toString('base64'),
  };
}

/**
 * The registration file that vvt's homeserver reads.
 * @param url where the homeserver finds as-ingress
 */
export function registrationOf(secrets: BridgeSecrets, serverName: string, url: string): string {
  return buildRegistration({
    id: 'fhir-matrix-bridge',
    url,
    ...secrets,
    matrix: { serverName, ghostPrefix: '_fhir_bridge_', botLocalpart: '_fhir_bridge_bot' },
  });
}

function secret(): string {
  return randomBytes(32).toString('hex');
}
