import { Metrics } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AsIngressConfig } from './app.module';
import { homeserverTokenHook } from './homeserver-token';

/**
 * The largest transaction to read. A transaction refused for its size would be repeated for ever and block all
 * behind it, so this is far above what a homeserver sends: up to 300 items (events, ephemeral, to-device) of
 * 64 KiB each, events with their earlier content in `unsigned`.
 */
const MAX_TRANSACTION_BYTES = 64 * 1024 * 1024;

/** Reads bodies as raw bytes, only from the homeserver. */
export function configureHttp(
  app: NestFastifyApplication,
  config: Pick<AsIngressConfig, 'appservice' | 'http'>,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  // Before the body is read: a stranger cannot make this process hold one.
  fastify.addHook('onRequest', homeserverTokenHook(config.appservice, app.get(Metrics)));
  // Raw, because a body that cannot be parsed has to be kept (see TransactionIntake), not answered with a 400.
  fastify.removeAllContentTypeParsers();
  app.useBodyParser('*', { bodyLimit: Math.max(config.http.bodyLimitBytes, MAX_TRANSACTION_BYTES) });
}
