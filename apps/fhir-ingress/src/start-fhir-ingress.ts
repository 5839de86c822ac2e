import { startApp } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FhirIngressModule, type FhirIngressConfig } from './app.module';
import { configureHttp } from './configure-http';
import { OperationOutcomeError } from './operation-outcome';
import { PullTimer } from './pull-timer';

/** Starts the app as production does; returns when it listens and the first pull of each source is on its way. */
export async function startFhirIngress(config: FhirIngressConfig): Promise<NestFastifyApplication> {
  const app = await startApp({
    app: 'fhir-ingress',
    module: FhirIngressModule.forRoot(config),
    config,
    unreadableUrl: new OperationOutcomeError(
      400,
      'invalid',
      'The URL could not be decoded.',
    ).getResponse() as object,
    configure: (created) => configureHttp(created, config.notifications.secrets),
  });
  app.get(PullTimer).start();
  return app;
}
