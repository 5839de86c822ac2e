import { type Config, startApp } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FhirIngressModule, type FhirIngressConfig } from './app.module';
import { configureHttp } from './configure-http';
import { OperationOutcomeError } from './operation-outcome';
import { PullTimer } from './pull-timer';
import { withoutTrailingSlash } from './routes';

/** Starts the app as production does; returns when it listens and the first pull of each source is on its way. */
export async function startFhirIngress(config: FhirIngressConfig): Promise<NestFastifyApplication> {
  const app = await startApp({
    app: 'fhir-ingress',
    module: FhirIngressModule.forRoot(config),
    config,
    ...tlsOf(config.notifications),
    rewriteUrl: withoutTrailingSlash,
    unreadableUrl: new OperationOutcomeError(
      400,
      'invalid',
      'The URL could not be decoded.',
    ).getResponse() as object,
    configure: (created) => configureHttp(created, config.notifications),
  });
  app.get(PullTimer).start();
  return app;
}

/** Client certificates are asked for, not insisted on: sources may show who they are otherwise, and probes have none. */
function tlsOf({ tlsCertificate, tlsKey, clientCa }: Config['notifications']) {
  if (tlsCertificate === undefined || tlsKey === undefined) return {};
  const clients = clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  return { tls: { cert: tlsCertificate, key: tlsKey, ...clients } };
}
