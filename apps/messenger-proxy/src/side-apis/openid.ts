import { bearerToken } from '@bridge/platform';
import { UserId } from '@bridge/contracts';
import type { Forwarder } from '../server/forwarder';

/** Whose OpenID token a header holds (Client-Server API, "OpenID"). @returns undefined where it is nobody's */
export type OpenIdOwner = (authorization: string | undefined) => Promise<UserId | undefined>;

/** Asks the homeserver, which alone knows the tokens that it has given out. */
export function openIdOwner(homeserver: Forwarder): OpenIdOwner {
  return async (authorization) => {
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    const path = `/_matrix/federation/v1/openid/userinfo?access_token=${encodeURIComponent(token)}`;
    const { status, body } = await homeserver.get(path);
    if (status !== 200) return undefined;
    const { sub } = JSON.parse(body.toString('utf8')) as { sub?: unknown };
    return UserId.safeParse(sub).data;
  };
}
