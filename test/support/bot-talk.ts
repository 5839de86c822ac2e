import type { MatrixUser, SeenEvent } from '../../deploy/local/src/matrix-user';

/** What the bot has said, in answer to this event, as this person's client shows it. */
export function answersTo(person: MatrixUser, eventId: string): SeenEvent[] {
  return person.events.filter(
    ({ content }) => content.msgtype === 'm.notice' && repliedTo(content) === eventId,
  );
}

/** Says something to the bot and waits for its answer. */
export async function ask(
  person: MatrixUser,
  roomId: string,
  command: string,
  more: object = {},
): Promise<{ eventId: string; answer: SeenEvent; body: string }> {
  const { eventId } = await person.say(roomId, command, more);
  const answer = await person.waitFor(`an answer to “${command}”`, () => answersTo(person, eventId)[0]);
  return { eventId, answer, body: String(answer.content.body) };
}

/** Why somebody is out of a room again, as those in it are shown. */
export async function reasonOfLeaving(
  witness: MatrixUser,
  roomId: string,
  userId: string,
): Promise<string | undefined> {
  const event = await witness.waitFor(`${userId} to leave`, () =>
    witness.events.find(
      ({ room_id, type, state_key, content }) =>
        room_id === roomId &&
        type === 'm.room.member' &&
        state_key === userId &&
        content.membership === 'leave',
    ),
  );
  return event.content.reason as string | undefined;
}

function repliedTo(content: Record<string, unknown>): unknown {
  const relation = content['m.relates_to'] as { 'm.in_reply_to'?: { event_id?: unknown } } | undefined;
  return relation?.['m.in_reply_to']?.event_id;
}
