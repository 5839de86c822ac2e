import type { MatrixEvent, UserId } from '@bridge/contracts';
import type { Answer, BotPermission, Texts } from '@bridge/mapping';
import type { Place } from './place';

/** A command, and all that its handler may want to know about it. */
export interface BotRequest {
  readonly event: MatrixEvent;
  readonly sender: UserId;
  readonly place: Place;
  readonly permission: BotPermission;
  /** In the sender's language. */
  readonly texts: Texts;
  /** What follows the command's name: as words, and as a whole. */
  readonly words: readonly string[];
  readonly rest: string;
}

/**
 * What to say at once; `later` when somebody else answers when it is done, `misused` when the words make no sense:
 * then the person is told how the command is said.
 */
export type BotReply = Answer | 'later' | 'misused';

/** Does what a command asks. It may be called again for the same event, and then changes nothing more. */
export type BotHandler = (request: BotRequest) => Promise<BotReply>;
