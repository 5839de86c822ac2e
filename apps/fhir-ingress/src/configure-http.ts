import { type Config, Metrics } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SourceGuard } from './source-guard';

/** Reads bodies as raw bytes, only from the configured sources. */
export function configureHttp(app: NestFastifyApplication, config: Config['notifications']): void {
  const fastify = app.getHttpAdapter().getInstance();
  const guard = new SourceGuard(config, app.get(Metrics));
  // Before the body is read where that can be: a stranger cannot make this process hold one.
  fastify.addHook('onRequest', guard.beforeBody);
  fastify.addHook('preHandler', guard.afterBody);
  // Raw, because a body that cannot be parsed is kept, not answered with a 400: that would only buy repetitions.
  // And because what a source signs is the bytes.
  fastify.removeAllContentTypeParsers();
  app.useBodyParser('*');
}
