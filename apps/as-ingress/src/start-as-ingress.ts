import { startApp } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AsIngressModule, type AsIngressConfig } from './app.module';
import { configureHttp } from './configure-http';
import { HomeserverWakeUp } from './homeserver-wake-up';
import { withoutLegacy } from './routes';
import { TransactionWatchdog } from './transaction-watchdog';

/** Starts the app as production does; returns when it listens. The homeserver is woken in the background. */
export async function startAsIngress(config: AsIngressConfig): Promise<NestFastifyApplication> {
  const app = await startApp({
    app: 'as-ingress',
    module: AsIngressModule.forRoot(config),
    config,
    unreadableUrl: { errcode: 'M_INVALID_PARAM', error: 'The URL could not be decoded.' },
    ...(config.appservice.legacyPaths ? { rewriteUrl: withoutLegacy } : {}),
    configure: (created) => configureHttp(created, config),
  });
  // Not before: while it answers the ping, the homeserver calls this app.
  app.get(HomeserverWakeUp).start();
  app.get(TransactionWatchdog).start();
  return app;
}
