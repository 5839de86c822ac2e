import type { Config } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { sourceSecretHook } from './source-secret';

/** Reads bodies as raw bytes, only from the configured sources. */
export function configureHttp(
  app: NestFastifyApplication,
  secrets: Config['notifications']['secrets'],
): void {
  const fastify = app.getHttpAdapter().getInstance();
  // Before the body is read: a stranger cannot make this process hold one.
  fastify.addHook('onRequest', sourceSecretHook(secrets));
  // Raw, because a body that cannot be parsed is kept, not answered with a 400: that would only buy repetitions.
  fastify.removeAllContentTypeParsers();
  app.useBodyParser('*');
}
