import { EventId, MatrixEvent, UserId } from '@bridge/contracts';
import { threadRoot } from '../message-relations';

/** What the bot says. Words in `backticks` are shown as code where a client can. */
export interface Answer {
  readonly text: string;
  readonly items?: readonly string[];
}

/** Content of the `m.notice` that says it: plain, and in simple HTML for clients that show it. */
export function answerContent({ text, items = [] }: Answer) {
  const list = items.map((item) => `<li>${html(item)}</li>`).join('');
  return {
    msgtype: 'm.notice',
    body: [text, ...items.map((item) => `- ${item}`)].join('\n'),
    format: 'org.matrix.custom.html',
    formatted_body: `<p>${html(text)}</p>${list ? `<ul>${list}</ul>` : ''}`,
  };
}

/** `m.relates_to` and `m.mentions` of an answer to an event: in its thread, where it was said in one. */
export function replyRelation(eventId: EventId, sender: UserId, event?: MatrixEvent) {
  const reply = { 'm.in_reply_to': { event_id: eventId } };
  const root = event && threadRoot(event);
  return {
    'm.relates_to': root ? { rel_type: 'm.thread', event_id: root, is_falling_back: false, ...reply } : reply,
    // Said explicitly, nobody else is called, whatever name an answer holds.
    'm.mentions': { user_ids: [sender] },
  };
}

function html(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/`([^`]+)`/g, '<code>$1</code>');
}
