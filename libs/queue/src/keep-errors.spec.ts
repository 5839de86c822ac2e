import { PermanentError } from '@bridge/contracts';
import { Controller, Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { type CustomTransportStrategy, EventPattern, Server } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { lastValueFrom, type Observable } from 'rxjs';
import { keepErrorsOfHandlers } from './keep-errors';

const error = new PermanentError('unexpected', 'It is wrong', { advice: 'Mend it.' });

@Controller()
class FailingController {
  @EventPattern('fhir.pull')
  async pull(): Promise<void> {
    throw error;
  }
}

@Module({ imports: [DiscoveryModule], controllers: [FailingController] })
class FailingModule {}

class NoTransport extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }
}

it('what a handler throws reaches the queue as it was thrown', async () => {
  const app = await NestFactory.create(FailingModule, new FastifyAdapter(), { logger: false });
  keepErrorsOfHandlers(app);
  const strategy = new NoTransport();
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  const handler = strategy.getHandlers().get('fhir.pull');
  const result = (await handler?.({})) as Observable<unknown>;
  await expect(lastValueFrom(result)).rejects.toBe(error);
  await app.close();
});
