import { TransientError } from '@bridge/contracts';
import type { CallAdmin } from './housekeeping/orphaned-rooms';
import type { AskWhoami } from './invites/token-owners';
import type { ReadAccountData } from './invites/permission-source';
import type { AskNotary } from './requests/server-keys';
import type { Forwarder } from './server/forwarder';

/** What the proxy itself asks of the homeserver. */
export class HomeserverClient {
  /** @param adminToken of an administrator; not set: nothing is asked of the Admin API */
  constructor(
    private readonly homeserver: Forwarder,
    private readonly adminToken: string | undefined,
  ) {}

  /** Whose token it is. */
  readonly whoami: AskWhoami = async (token) => {
    const { status, body } = await this.homeserver.get(
      '/_matrix/client/v3/account/whoami',
      `Bearer ${token}`,
    );
    return { status, body: status === 200 ? (JSON.parse(body.toString('utf8')) as unknown) : undefined };
  };

  /** The keys of another homeserver. */
  readonly keys: AskNotary = async (server, keyId) => {
    // The specification leaves the time out if one likes; Synapse 1.163 does not.
    const query = { server_keys: { [server]: { [keyId]: { minimum_valid_until_ts: Date.now() } } } };
    const { status, body } = await this.homeserver.post('/_matrix/key/v2/query', query);
    if (status !== 200) throw notNow(status);
    return JSON.parse(body.toString('utf8')) as unknown;
  };

  /** All global account data of somebody (Synapse's Admin API, "Account Data"). */
  readonly accountData: ReadAccountData = async (userId) => {
    const path = `/_synapse/admin/v1/users/${encodeURIComponent(userId)}/accountdata`;
    const { status, body } = await this.homeserver.get(path, `Bearer ${this.adminToken ?? ''}`);
    if (status === 404) return undefined;
    if (status !== 200) throw notNow(status);
    const { account_data: data } = JSON.parse(body.toString('utf8')) as {
      account_data?: { global?: object };
    };
    return (data?.global ?? {}) as Readonly<Record<string, unknown>>;
  };

  /** Any other call of the Admin API. */
  readonly admin: CallAdmin = async (method, path, content = {}) => {
    const authorization = `Bearer ${this.adminToken ?? ''}`;
    const answered =
      method === 'GET'
        ? this.homeserver.get(path, authorization)
        : this.homeserver.delete(path, content, authorization);
    // A Refusal is for whoever has sent a request, and here nobody has.
    const { status, body } = await answered.catch(() => ({ status: 0, body: undefined }));
    if (status !== 200 || body === undefined) throw notNow(status);
    return JSON.parse(body.toString('utf8')) as unknown;
  };

  /** @throws TransientError where it does not answer */
  async requireHealth(): Promise<void> {
    const { status } = await this.homeserver.get('/health').catch(() => ({ status: 0 }));
    if (status !== 200) throw notNow(status);
  }
}

function notNow(status: number): TransientError {
  const said = status === 0 ? 'did not answer' : `answered ${status}`;
  return new TransientError('proxy-homeserver', `The homeserver ${said}`, {
    advice:
      status === 403 || status === 401
        ? 'PROXY_ADMIN_TOKEN is not of an administrator'
        : 'the homeserver is away',
  });
}
