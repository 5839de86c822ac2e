import { kindsOf, type ParkedConversations } from '@bridge/contracts';
import {
  JetStreamServer,
  QueueConnection,
  QueueContext,
  QueueModule,
  QueuePublisher,
  type QueueConfig,
} from '@bridge/queue';
import { Metrics, PlatformModule, Readiness } from '@bridge/platform';
import { Controller, Inject, type LoggerService, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';

export type Handle = (message: Record<string, unknown>, context: QueueContext) => Promise<void> | void;

const HANDLE = Symbol('handle');

const PARKED = Symbol('parked');

/** Handles every kind of the work queue MAPPING with the function of the test. */
@Controller()
export class MappingHandlers {
  constructor(@Inject(HANDLE) private readonly handle: Handle) {}

  @EventPattern(kindsOf('MAPPING'))
  any(@Payload() message: Record<string, unknown>, @Ctx() context: QueueContext): Promise<void> | void {
    return this.handle(message, context);
  }
}

/** Keeps no conversation parked, for workers that park none. */
class NoneParked implements ParkedConversations {
  async count(): Promise<number> {
    return 0;
  }

  async find(): Promise<undefined> {
    return undefined;
  }

  async park(): Promise<never> {
    throw new Error('This worker is not configured to park conversations');
  }

  async whileParked(): Promise<false> {
    return false;
  }
}

/** A worker on MAPPING as an app would run it, without HTTP port. */
export interface QueueWorker {
  publisher: QueuePublisher;
  connection: QueueConnection;
  readiness: Readiness;
  metrics: Metrics;
  /** As on SIGTERM. */
  close(): Promise<void>;
  /** As on SIGKILL, seen from the server: the connection is gone, and nothing was settled. */
  crash(): Promise<void>;
}

export interface QueueWorkerOptions {
  config: QueueConfig;
  handle: Handle;
  controllers?: Type[];
  /** Where it is kept which conversations are parked; none is, unless given. */
  parked?: ParkedConversations;
  /** Receives the log; without it there is none. */
  log?: LogLines;
}

/** A log that a test can read. */
export class LogLines implements LoggerService {
  readonly lines: unknown[][] = [];

  log(...line: unknown[]): void {
    this.lines.push(line);
  }

  warn(...line: unknown[]): void {
    this.lines.push(line);
  }

  error(...line: unknown[]): void {
    this.lines.push(line);
  }
}

/** Starts a worker; rejects as an app's start would. */
export async function startQueueWorker(options: QueueWorkerOptions): Promise<QueueWorker> {
  const app = await createApp(options);
  try {
    app.connectMicroservice({ strategy: JetStreamServer.of('MAPPING', PARKED)(app) });
    await app.init();
    await app.startAllMicroservices();
  } catch (error) {
    await app.get(QueueConnection).close();
    throw error;
  }
  const connection = app.get(QueueConnection);
  return {
    connection,
    publisher: app.get(QueuePublisher),
    readiness: app.get(Readiness),
    metrics: app.get(Metrics),
    close: () => app.close(),
    crash: () => connection.nats.close(),
  };
}

async function createApp({
  config,
  handle,
  controllers = [MappingHandlers],
  parked = new NoneParked(),
  log = new LogLines(),
}: QueueWorkerOptions): Promise<NestFastifyApplication> {
  const quiet = { level: 'error', format: 'json' } as const;
  const testing = await Test.createTestingModule({
    imports: [
      PlatformModule.forRoot({ app: 'test', config: { log: quiet, tracing: {} } }),
      QueueModule.forRoot(config),
    ],
    controllers,
    providers: [
      { provide: HANDLE, useValue: handle },
      { provide: PARKED, useValue: parked },
    ],
  })
    .setLogger(log)
    .compile();
  return testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { abortOnError: false });
}
