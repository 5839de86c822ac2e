import { setTimeout as wait } from 'node:timers/promises';
import type { ParkedConversations, WorkStream } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { Logger, type INestApplicationContext, type InjectionToken } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { ConversationParking } from './conversation-parking';
import { FailedDeliveries } from './failed-deliveries';
import { checkHandlers } from './handler-check';
import { keepErrorsOfHandlers } from './keep-errors';
import { MessageDispatcher } from './message-dispatcher';
import { tellParkedConversations } from './parked-metrics';
import { partitionsOf } from './partition';
import { PartitionConsumer } from './partition-consumer';
import { PullSubscription } from './pull-subscription';
import { QueueConnection } from './queue-connection';
import { QueuePublisher } from './queue-publisher';

/** How long handlers at work may go on when the process stops: below the 25 s that the whole stop is given. */
const closeLimitMs = 20_000;

/**
 * The transport strategy of a worker: Nest's `@EventPattern` methods handle the messages of one work queue.
 * A method that returns has done its work (ack); one that throws a TransientError gets the message again, a
 * PermanentError goes to the dead letters, and any other error is taken for a bug: five tries, then dead letter.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  protected override readonly logger = new Logger(JetStreamServer.name);
  private consumers: readonly PartitionConsumer[] = [];
  private restoring?: Promise<void>;

  constructor(
    private readonly stream: WorkStream,
    private readonly connection: QueueConnection,
    private readonly publisher: QueuePublisher,
    private readonly parked: ParkedConversations,
    private readonly metrics: Metrics,
  ) {
    super();
    tellParkedConversations(parked, metrics);
  }

  /**
   * For `startApp({ strategy: JetStreamServer.of('MAPPING', …) })`.
   * @param parked the provider that keeps which conversations are parked
   */
  static of(
    stream: WorkStream,
    parked: InjectionToken<ParkedConversations>,
  ): (app: INestApplicationContext) => JetStreamServer {
    return (app) => {
      keepErrorsOfHandlers(app);
      return new JetStreamServer(
        stream,
        app.get(QueueConnection),
        app.get(QueuePublisher),
        app.get<ParkedConversations>(parked),
        app.get(Metrics),
      );
    };
  }

  /** Checks the handlers, makes sure of the consumers, and starts on every partition. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      checkHandlers(this.stream, this.messageHandlers);
      await this.connection.ensureConsumers(this.stream);
      const { parkOn } = this.connection.config;
      this.start(await ConversationParking.open(this.stream, parkOn, this.parked));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** Stops taking messages and waits for the handlers at work, at most 20 s; what they leave is delivered again. */
  async close(): Promise<void> {
    const limit = new AbortController();
    const closed = Promise.all(this.consumers.map((consumer) => consumer.close())).then(() => true);
    const late = wait(closeLimitMs, false, { signal: limit.signal }).catch(() => false);
    if (!(await Promise.race([closed, late]))) {
      this.logger.warn({
        msg: 'Handlers are still at work, their messages will come again',
        stream: this.stream,
      });
    }
    limit.abort();
  }

  /** @throws Error always: the connection's events are QueueConnection's business */
  on(): never {
    throw new Error('JetStreamServer has no events of its own: see QueueConnection.onReconnect.');
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private start(parking: ConversationParking): void {
    const { ackWaitMs, partitions } = this.connection.config;
    const failed = new FailedDeliveries(this.stream, this.publisher, parking, this.metrics);
    const dispatcher = new MessageDispatcher(
      this.stream,
      this.messageHandlers,
      parking,
      failed,
      ackWaitMs,
      this.metrics,
    );
    this.consumers = partitionsOf(this.stream, partitions).map(
      (partition) =>
        new PartitionConsumer(
          new PullSubscription(this.connection, this.stream, partition),
          (delivery) => dispatcher.dispatch(delivery),
          () => this.restore(),
        ),
    );
    this.connection.onReconnect(() => this.consumers.forEach((consumer) => consumer.wake()));
  }

  /** Brings back what somebody deleted. Once for all partitions: they all notice at the same time. */
  private async restore(): Promise<void> {
    this.restoring ??= this.restoreAll().finally(() => {
      this.restoring = undefined;
    });
    await this.restoring;
  }

  private async restoreAll(): Promise<void> {
    this.logger.warn({
      msg: 'A consumer or its stream is gone, or JetStream is not ready',
      stream: this.stream,
    });
    try {
      await this.connection.restoreStreams();
      await this.connection.ensureConsumers(this.stream);
    } catch (error) {
      this.logger.error({
        msg: 'Could not bring the consumers back, will try again',
        err: error,
        stream: this.stream,
      });
      throw error;
    }
  }
}
