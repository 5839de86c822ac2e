import {
  isOfConversation,
  type ParkedConversation,
  type ParkedConversations,
  parkedClass,
  PermanentError,
  type WorkStream,
} from '@bridge/contracts';
import type { Delivery } from './delivery';
import { isKind } from './message-codec';
import { messageHeaders } from './message-headers';

/** An earlier message of its conversation was given up: this one waits among the dead letters, in its order. */
export class ConversationParkedError extends PermanentError {
  constructor(
    readonly key: string,
    readonly parking: string,
  ) {
    super(parkedClass, 'An earlier message of this conversation was given up', {
      advice: 'See why with `bridge dead-letters list --key …`, mend it, and replay the conversation.',
    });
  }
}

/** Whether a conversation goes on after one of its messages was given up, or its later ones wait for an operator. */
export class ConversationParking {
  private constructor(
    private readonly stream: WorkStream,
    private readonly parkOn: ReadonlySet<string>,
    private readonly parked: ParkedConversations,
    private readonly isInUse: boolean,
  ) {}

  /** @param parkOn classes of failure; all replicas must have the same */
  static async open(
    stream: WorkStream,
    parkOn: readonly string[],
    parked: ParkedConversations,
  ): Promise<ConversationParking> {
    // Where no class parks, none is parked from now on; those there are were parked by an earlier configuration. So
    // who does not use it does not pay for it with a query per message.
    const isInUse = parkOn.length > 0 || (await parked.count(stream)) > 0;
    return new ConversationParking(stream, new Set(parkOn), parked, isInUse);
  }

  /**
   * Lets a message through to its handler.
   * @throws ConversationParkedError when it has to wait
   */
  async letThrough(delivery: Delivery): Promise<void> {
    const key = this.isInUse ? conversationOf(delivery) : undefined;
    if (key === undefined) return;
    const parking = await this.parked.find(this.stream, key);
    // What an operator has replayed bears the name of the parking that it waited in.
    if (parking !== undefined && parking !== delivery.header(messageHeaders.parking))
      throw new ConversationParkedError(key, parking);
  }

  /** What is to be parked when this message is given up for this reason; undefined: nothing. */
  parkingOf(delivery: Delivery, failureClass: string): ParkedConversation | undefined {
    const key = this.parkOn.has(failureClass) ? conversationOf(delivery) : undefined;
    if (key === undefined) return undefined;
    // The time as well: a stream that is made anew counts from 1 again.
    const parking = `${this.stream}-${delivery.sequence}-${delivery.storedAt.getTime()}`;
    return { stream: this.stream, key, parking, failureClass };
  }

  async park(conversation: ParkedConversation): Promise<void> {
    await this.parked.park(conversation);
  }

  /**
   * Sets a message aside while nobody can lift the parking.
   * @returns false when it was lifted in the meantime: the message need not wait any more
   */
  async setAside({ key, parking }: ConversationParkedError, store: () => Promise<void>): Promise<boolean> {
    return this.parked.whileParked({ stream: this.stream, key, parking }, store);
  }
}

/** The key of a message that is in order with others of its conversation. */
function conversationOf(delivery: Delivery): string | undefined {
  const { kind } = delivery;
  return isKind(kind) && isOfConversation(kind) ? delivery.header(messageHeaders.key) : undefined;
}
