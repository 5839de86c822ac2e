import type { MatrixUser } from '../../deploy/local/src/matrix-user';

/** What clients do to memberships, by the names of the endpoints. */
type Action = 'leave' | 'invite' | 'kick' | 'ban' | 'unban';

async function post(actor: MatrixUser, roomId: string, action: Action, body: object): Promise<void> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${action}`;
  const answer = await fetch(`${actor.clientUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${actor.account.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
}

export async function leave(actor: MatrixUser, roomId: string): Promise<void> {
  await post(actor, roomId, 'leave', {});
}

export async function act(
  actor: MatrixUser,
  action: Exclude<Action, 'leave'>,
  roomId: string,
  userId: string,
): Promise<void> {
  await post(actor, roomId, action, { user_id: userId });
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
