import { startApp } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { MessengerProxyModule, type MessengerProxyConfig } from './app.module';
import { MessengerProxy } from './messenger-proxy';

/** Starts the app as production does; returns when both edges are served. */
export async function startMessengerProxy(config: MessengerProxyConfig): Promise<NestFastifyApplication> {
  return startApp({
    app: 'messenger-proxy',
    module: MessengerProxyModule.forRoot(config),
    config,
    serve: (app) => app.get(MessengerProxy).start(),
  });
}
