import type { WorkStream } from './messages';

/** Which conversation waits, and since which of its messages. */
export interface Parking {
  readonly stream: WorkStream;
  /** The ordering key of its messages: a FHIR reference or a room id. */
  readonly key: string;
  /** Names this parking; another message that is given up later makes another one of it. */
  readonly parking: string;
}

/** A conversation of which a message was given up: the later ones wait for an operator, in order. */
export interface ParkedConversation extends Parking {
  readonly failureClass: string;
}

/** Where it is kept which conversations are parked. All replicas see the same. */
export interface ParkedConversations {
  count(stream: WorkStream): Promise<number>;
  /** The parking of a conversation; undefined: it goes on. */
  find(stream: WorkStream, key: string): Promise<string | undefined>;
  /** Parks a conversation; one that is parked already is parked under the new name. */
  park(conversation: ParkedConversation): Promise<void>;
  /**
   * Does something during which nobody can lift the parking.
   * @returns false, with nothing done, when the conversation is not in that parking any more
   */
  whileParked(parking: Parking, act: () => Promise<void>): Promise<boolean>;
}
