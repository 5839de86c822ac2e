import { kindsOf, type WorkStream } from '@bridge/contracts';
import type { MessageHandler } from '@nestjs/microservices';
import { QueueSetupError } from './errors';

/**
 * Every kind of the work queue has exactly one handler, and nothing else has one.
 * A kind without a handler would block its partitions; with two, one message would have two fates.
 * @throws QueueSetupError that names all that is wrong at once
 */
export function checkHandlers(stream: WorkStream, handlers: ReadonlyMap<string, MessageHandler>): void {
  const kinds = kindsOf(stream) as string[];
  const found = [...handlers.keys()];
  const missing = kinds.filter((kind) => !handlers.has(kind));
  const strange = found.filter((kind) => !kinds.includes(kind));
  // Nest chains a second event handler of the same pattern behind the first.
  const double = found.filter((kind) => handlers.get(kind)?.next !== undefined);
  // Nest runs `@MessagePattern` for request and reply: nobody would read the answer.
  const replying = found.filter((kind) => handlers.get(kind)?.isEventHandler !== true);

  const faults = [
    ...missing.map((kind) => `${kind} has no handler`),
    ...double.map((kind) => `${kind} has more than one handler`),
    ...strange.map((kind) => `${kind} is not a message of ${stream}`),
    ...replying.map((kind) => `${kind} is handled with @MessagePattern`),
  ];
  if (faults.length > 0) {
    throw new QueueSetupError(
      `The handlers do not fit the work queue ${stream}: ${faults.join('; ')}.`,
      'Give each of its kinds one @EventPattern method in this worker.',
    );
  }
}
