import { MatrixEvent } from '@bridge/contracts';
import { readEdit } from './change-to-communication';
import { withoutQuote } from './message-content';

/**
 * What a message says to the bot: without the prefix, and without what it quotes.
 * @param isDirect said in the bot's direct chat with the sender: everything there is for the bot, the prefix is optional
 * @returns undefined when it says nothing to the bot; an empty text for the prefix alone, and for an encrypted message in
 * a direct chat, which the bot cannot read and answers all the same
 */
export function readBotCommand(event: MatrixEvent, prefix: string, isDirect: boolean): string | undefined {
  if (event.type === 'm.room.encrypted') return isDirect ? '' : undefined;
  const { body, msgtype } = event.content;
  // Not m.notice: that is how bots speak, and two that answer each other would never stop. Nor an edit: done is done.
  if (msgtype !== 'm.text' || typeof body !== 'string' || readEdit(event)) return undefined;
  const said = withoutQuote(event, body).trim();
  const named = said.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
  const rest = said.slice(prefix.length);
  if (named && /^($|[\s:,])/.test(rest)) return rest.replace(/^[\s:,]+/, '');
  return isDirect ? said : undefined;
}
