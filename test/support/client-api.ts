import type { RegisteredUser } from '../../deploy/local/src/register-user';
import { until } from '../../deploy/local/src/until';

/** Whoever calls a homeserver: a person, an administrator. */
export interface Caller {
  readonly clientUrl: string;
  readonly account: Pick<RegisteredUser, 'accessToken'>;
}

/**
 * One call of the client-server or the admin API.
 * @throws Error with the errcode when it is refused
 */
export async function call<T>(
  { clientUrl, account }: Caller,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${clientUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${account.accessToken}`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : undefined,
  });
  const answer = (await response.json()) as T & { errcode?: string; error?: string };
  if (!response.ok)
    throw new Error(`${method} ${path}: ${response.status} ${answer.errcode} ${answer.error}`);
  return answer;
}

/**
 * Has the homeserver repeat at once what it holds back; otherwise it tries when its own pause is over. Asked again where
 * Synapse says M_CONNECTION_FAILED though somebody listens: seen is "Tried to cancel an already-called event".
 */
export async function wakeHomeserver({
  homeserverUrl: clientUrl,
  asToken: accessToken,
}: {
  readonly homeserverUrl: string;
  readonly asToken: string;
}): Promise<void> {
  const path = '/_matrix/client/v1/appservice/fhir-matrix-bridge/ping';
  await until('the homeserver to reach the application service', () =>
    call({ clientUrl, account: { accessToken } }, 'POST', path, {}).then(
      () => true,
      (error: Error) => {
        if (!error.message.includes('M_CONNECTION_FAILED')) throw error;
        return false;
      },
    ),
  );
}

export function roomPath(roomId: string): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}`;
}

/** @returns the content; undefined where there is none */
export async function stateIn(
  caller: Caller,
  roomId: string,
  type: string,
  stateKey = '',
): Promise<Record<string, unknown> | undefined> {
  const path = `${roomPath(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`;
  return call<Record<string, unknown>>(caller, 'GET', path).catch(() => undefined);
}

export async function setStateIn(
  caller: Caller,
  roomId: string,
  type: string,
  stateKey: string,
  content: object,
): Promise<void> {
  await call(caller, 'PUT', `${roomPath(roomId)}/state/${type}/${encodeURIComponent(stateKey)}`, content);
}

export async function invite(caller: Caller, roomId: string, userId: string): Promise<void> {
  await call(caller, 'POST', `${roomPath(roomId)}/invite`, { user_id: userId });
}

/** Replaces a room by a new one. @returns the new one's id */
export async function upgrade(caller: Caller, roomId: string, more: object = {}): Promise<string> {
  const body = { new_version: '12', ...more };
  const { replacement_room: next } = await call<{ replacement_room: string }>(
    caller,
    'POST',
    `${roomPath(roomId)}/upgrade`,
    body,
  );
  return next;
}

/** Deletes a room with all its events, as Synapse's administrators do. Resolves when it is gone. */
export async function deleteRoom(admin: Caller, roomId: string): Promise<void> {
  const path = `/_synapse/admin/v2/rooms/${encodeURIComponent(roomId)}`;
  const { delete_id: id } = await call<{ delete_id: string }>(admin, 'DELETE', path, { purge: true });
  await until(`the deletion of ${roomId}`, async () => {
    const { status, error } = await call<{ status: string; error?: string }>(
      admin,
      'GET',
      `/_synapse/admin/v2/rooms/delete_status/${id}`,
    );
    if (status === 'failed') throw new Error(`${roomId} could not be deleted: ${error}`);
    return status === 'complete';
  });
}
