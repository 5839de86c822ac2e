import { kindsOf } from '@bridge/contracts';
import type { MessageHandler } from '@nestjs/microservices';
import { checkHandlers } from './handler-check';

const handler = (more: Partial<MessageHandler> = {}): MessageHandler =>
  Object.assign(() => Promise.resolve(), { isEventHandler: true, ...more });

const complete = (): Map<string, MessageHandler> =>
  new Map(kindsOf('ROOMS').map((kind) => [kind, handler()]));

describe('handler check', () => {
  it('accepts one handler for each kind of the stream', () => {
    expect(() => checkHandlers('ROOMS', complete())).not.toThrow();
  });

  it('names every fault at once', () => {
    const handlers = complete();
    handlers.delete('command.invite');
    handlers.set('command.reconcile-room', handler({ next: handler() as never }));
    handlers.set('command.reconcile-space', handler({ isEventHandler: false }));
    handlers.set('fhir.pull', handler());
    expect(() => checkHandlers('ROOMS', handlers)).toThrow(
      'command.invite has no handler; command.reconcile-room has more than one handler; ' +
        'fhir.pull is not a message of ROOMS; command.reconcile-space is handled with @MessagePattern',
    );
  });
});
