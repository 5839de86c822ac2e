import { createHmac } from 'node:crypto';
import { z } from 'zod';

/** An account that was just made, with a session of it. */
export interface RegisteredUser {
  userId: string;
  accessToken: string;
  deviceId: string;
  password: string;
}

const nonceAnswer = z.object({ nonce: z.string() });
const registerAnswer = z.object({ user_id: z.string(), access_token: z.string(), device_id: z.string() });

/**
 * Makes an account, or an administrator's, through Synapse's shared-secret registration API (`/_synapse/admin/v1/register`): open
 * registration stays off.
 *
 * @throws Error with Synapse's error code when it refuses.
 */
export async function registerUser(account: {
  clientUrl: string;
  sharedSecret: string;
  localpart: string;
  password: string;
  displayName?: string;
  admin?: boolean;
}): Promise<RegisteredUser> {
  const { localpart, password, admin = false } = account;
  const url = `${account.clientUrl}/_synapse/admin/v1/register`;
  const { nonce } = nonceAnswer.parse(await answerOf(await fetch(url)));
  const mac = createHmac('sha1', account.sharedSecret)
    .update([nonce, localpart, password, admin ? 'admin' : 'notadmin'].join('\0'))
    .digest('hex');
  const answer = registerAnswer.parse(
    await answerOf(
      await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          nonce,
          username: localpart,
          password,
          displayname: account.displayName,
          admin,
          mac,
        }),
      }),
    ),
  );
  return { userId: answer.user_id, accessToken: answer.access_token, deviceId: answer.device_id, password };
}

async function answerOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json();
  if (response.ok) return body;
  const { errcode, error } = z.object({ errcode: z.string(), error: z.string() }).parse(body);
  throw new Error(`The homeserver refused the registration: ${response.status} ${errcode} ${error}`);
}
