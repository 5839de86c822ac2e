import type { MatrixUser } from '../../deploy/local/src/matrix-user';

/** What clients do to memberships, by the names of the endpoints. */
type Action = 'invite' | 'kick' | 'ban' | 'unban';

export async function act(actor: MatrixUser, action: Action, roomId: string, userId: string): Promise<void> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${action}`;
  const answer = await fetch(`${actor.clientUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${actor.account.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId }),
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
}

/** Somebody's membership as a member of the room sees it: its event, with the content laid open. */
export async function membershipIn(
  observer: MatrixUser,
  roomId: string,
  userId: string,
): Promise<{
  sender?: string;
  membership?: string;
  displayname?: string;
  avatar_url?: string;
  reason?: string;
}> {
  const events = await observer.state(roomId);
  const event = events.find(({ type, state_key }) => type === 'm.room.member' && state_key === userId);
  return { sender: event?.sender, ...event?.content };
}
