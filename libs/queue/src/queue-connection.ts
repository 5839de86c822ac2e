import { setTimeout as wait } from 'node:timers/promises';
import type { WorkStream } from '@bridge/contracts';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  connect,
  ErrorCode,
  Events,
  NatsError,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  type StoredMsg,
} from 'nats';
import { connectionOptions, serverNames } from './connection-options';
import { durabilityFlaws } from './durability';
import { QueueSetupError, QueueUnavailableError } from './errors';
import { partitionsOf } from './partition';
import type { QueueConfig } from './queue-config';
import { apiErrorCode, ensureConsumer, ensureStreams } from './streams';
import { deadLetterStream, partitionSubjects } from './subject';

/** How long a process looks for its NATS server at start, then says so and exits: an orchestrator starts it again. */
const firstConnectMs = 30_000;
const betweenAttemptsMs = 500;
const requestTimeoutMs = 5_000;
/** Closing is a courtesy: what is not flushed by then is delivered again. */
const drainLimitMs = 5_000;
/** JetStream's error code for it (nats-server `server/errors.json`). */
const noMessageFound = 10037;
/** JetStream could not delete a message, whatever the reason (JSStreamMsgDeleteFailedF). */
const deleteFailed = 10057;

/** Shared durable consumers with metadata on the stream need 2.10, the bridge is tested from 2.11 on. */
const oldestServer = [2, 11] as const;

/** The one NATS connection of a process, with its streams in place. Reconnects by itself, for ever. */
export class QueueConnection implements OnApplicationShutdown {
  private readonly logger = new Logger(QueueConnection.name);
  private readonly reconnectListeners: (() => void)[] = [];
  private isConnected = true;

  private constructor(
    readonly config: QueueConfig,
    readonly nats: NatsConnection,
    readonly jetStream: JetStreamClient,
    private readonly manager: JetStreamManager,
  ) {
    void this.follow();
  }

  /**
   * Connects, checks the server and makes sure of the streams.
   * @throws QueueSetupError when there is no server within 30 s, it is too old, its streams cannot serve, or it could
   *   lose what it has confirmed and the configuration does not bear that
   */
  static async open(config: QueueConfig): Promise<QueueConnection> {
    const nats = await connectFirst(config);
    try {
      checkVersion(nats.info?.version ?? '0');
      const manager = await jetStreamManager(nats);
      await ensureStreams(manager, config);
      await checkDurability(config);
      return new QueueConnection(config, nats, nats.jetstream({ timeout: requestTimeoutMs }), manager);
    } catch (error) {
      await nats.close();
      throw error;
    }
  }

  get connected(): boolean {
    return this.isConnected && !this.nats.isClosed() && !this.nats.isDraining();
  }

  /** Calls the listener each time the connection is back after a break. */
  onReconnect(listener: () => void): void {
    this.reconnectListeners.push(listener);
  }

  /** The number of the newest message that a work queue has ever held. */
  async lastSequence(stream: WorkStream): Promise<number> {
    const { state } = await this.manager.streams.info(stream);
    return state.last_seq;
  }

  /** How many messages a work queue holds: waiting, or being worked on. */
  async backlog(stream: WorkStream): Promise<number> {
    const { state } = await this.manager.streams.info(stream);
    return state.messages;
  }

  /** The first stored message of a partition from a number in its stream on; undefined when none is there. */
  async storedFrom(stream: WorkStream, partition: number, sequence: number): Promise<StoredMsg | undefined> {
    return this.stored(stream, { seq: sequence, next_by_subj: partitionSubjects(stream, partition) });
  }

  /** The first dead letter from a number on; undefined when none is there. */
  async deadLetterFrom(number: number): Promise<StoredMsg | undefined> {
    return this.stored(deadLetterStream, { seq: number, next_by_subj: 'dead.>' });
  }

  /** Takes a dead letter out; false when it was not there any more. */
  async removeDeadLetter(number: number): Promise<boolean> {
    try {
      return await this.manager.streams.deleteMessage(deadLetterStream, number);
    } catch (error) {
      // The code does not tell why: because it is gone, or because the server's disk failed.
      const mayBeGone = apiErrorCode(error) === deleteFailed;
      if (mayBeGone && (await this.deadLetterFrom(number))?.seq !== number) return false;
      throw QueueUnavailableError.away(error);
    }
  }

  /** Makes sure of the streams again, after somebody or something deleted one. */
  async restoreStreams(): Promise<void> {
    await ensureStreams(this.manager, this.config);
  }

  /** Makes sure of all consumers of a work queue: all at once, because one after the other costs a round trip each. */
  async ensureConsumers(stream: WorkStream): Promise<void> {
    const { partitions, ackWaitMs } = this.config;
    await Promise.all(
      partitionsOf(stream, partitions).map((partition) =>
        ensureConsumer(this.manager, stream, partition, { ackWaitMs, inOrder: partition < partitions }),
      ),
    );
  }

  /** Sends what is still to be sent and closes. Nest calls it after HTTP and the strategy are closed. */
  async close(): Promise<void> {
    if (this.nats.isClosed() || this.nats.isDraining()) return;
    if (this.isConnected) {
      await Promise.race([this.nats.drain(), wait(drainLimitMs, undefined, { ref: false })]);
    }
    await this.nats.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async stored(
    stream: string,
    query: { seq: number; next_by_subj: string },
  ): Promise<StoredMsg | undefined> {
    try {
      return await this.manager.streams.getMessage(stream, query);
    } catch (error) {
      if (apiErrorCode(error) === noMessageFound) return undefined;
      throw QueueUnavailableError.away(error);
    }
  }

  private async follow(): Promise<void> {
    for await (const { type } of this.nats.status()) {
      if (type === Events.Disconnect) {
        this.isConnected = false;
        this.logger.warn({ msg: 'The connection to NATS broke', event: type });
      } else if (type === Events.Reconnect) {
        this.isConnected = true;
        this.logger.log({ msg: 'The connection to NATS is back', event: type });
        for (const listener of this.reconnectListeners) listener();
      } else if (type === Events.Error || type === Events.LDM) {
        this.logger.warn({ msg: 'NATS reported a condition of the connection', event: type });
      }
    }
  }
}

async function connectFirst(config: QueueConfig): Promise<NatsConnection> {
  const options = connectionOptions(config);
  const deadline = Date.now() + firstConnectMs;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      const servers = serverNames(config.url);
      if (error instanceof NatsError && error.code === (ErrorCode.AuthorizationViolation as string)) {
        throw new QueueSetupError(
          `NATS at ${servers} refused the credentials.`,
          'Correct user and password in NATS_URL.',
          error,
        );
      }
      if (Date.now() > deadline) {
        throw new QueueSetupError(
          `No NATS server answered at ${servers} within ${firstConnectMs / 1000} s.`,
          'Start it, or correct NATS_URL.',
          error,
        );
      }
      await wait(betweenAttemptsMs);
    }
  }
}

/** @throws QueueSetupError that names all flaws at once, where none is to be borne */
async function checkDurability(config: QueueConfig): Promise<void> {
  const flaws = await durabilityFlaws(config);
  if (flaws.length === 0) return;
  if (config.durability === 'strict') {
    throw new QueueSetupError(
      'What the queue has confirmed could be lost.',
      `${flaws.join(' ')} Or set NATS_DURABILITY=warn.`,
    );
  }
  new Logger(QueueConnection.name).warn({ msg: 'What the queue has confirmed could be lost', flaws });
}

/** @throws QueueSetupError for a server older than 2.11 */
export function checkVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [oldestMajor, oldestMinor] = oldestServer;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new QueueSetupError(
      `NATS server ${version} is too old.`,
      `Upgrade it to ${oldestServer.join('.')} or newer: older ones ignore settings that they do not know, in silence.`,
    );
  }
}

async function jetStreamManager(nats: NatsConnection): Promise<JetStreamManager> {
  try {
    return await nats.jetstreamManager({ timeout: requestTimeoutMs });
  } catch (error) {
    throw new QueueSetupError(
      'The NATS server answers, JetStream does not.',
      'Start nats-server with JetStream enabled (`-js`), and enable it for the account.',
      error,
    );
  }
}
