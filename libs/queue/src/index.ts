export { connectionOptions } from './connection-options';
export { DeadLetterBox } from './dead-letter-box';
export type { DeadLetterChoice, KeptDeadLetter } from './dead-letter-box';
export type { DeadLetter } from './dead-letters';
export {
  MalformedMessageError,
  MessageTooLargeError,
  QueueSetupError,
  QueueUnavailableError,
  UnknownKindError,
} from './errors';
export { JetStreamServer } from './jetstream-server';
export { messageHeaders } from './message-headers';
export { partitionOf } from './partition';
export type { QueueConfig } from './queue-config';
export { QueueBacklog } from './queue-backlog';
export type { WaitingMessage } from './queue-backlog';
export { QueueConnection } from './queue-connection';
export { QueueContext } from './queue-context';
export { QueueModule } from './queue.module';
export { QueuePublisher } from './queue-publisher';
export type { Publication, Stored } from './queue-publisher';
export { repartition } from './repartition';
export type { Repartitioned } from './repartition';
export { verdictOn } from './retry-policy';
export { SharedNumber } from './shared-number';
export { deadLetterStream, workSubject } from './subject';
