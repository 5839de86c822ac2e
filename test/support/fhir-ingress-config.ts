import { fhirIngressSections } from '../../apps/fhir-ingress/src/app.module';
import { loadConfig } from '@bridge/platform';

/** The configuration of a fhir-ingress of the test's own, read as the process itself reads it. */
export function fhirIngressConfig(natsUrl: string, env: Readonly<Record<string, string>>) {
  return loadConfig(fhirIngressSections, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'fatal',
    LOG_FORMAT: 'json',
    NATS_URL: natsUrl,
    NATS_PARTITIONS: '8',
    NATS_MAX_BYTES: String(64 * 2 ** 20),
    FHIR_PULL_INTERVAL_MS: '86400000',
    ...env,
  });
}
