import { setTimeout as wait } from 'node:timers/promises';
import type { RoomId, UserId } from '@bridge/contracts';

/** A deletion goes on at the homeserver: nobody tells when it has ended. */
const betweenLooksMs = 500;
/** A Room of years is purged within it; the deletion goes on beyond it. */
const patienceMs = 30 * 60_000;

interface DeleteStatus {
  readonly status: 'scheduled' | 'active' | 'complete' | 'failed';
}

/** Synapse's admin API, as far as a patient's erasure needs it. It asks for an administrator: the bridge's own token is none. */
export class SynapseAdmin {
  /** @param url where Synapse itself listens; a proxy in front of it should not let the admin API through */
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws Error when the homeserver cannot be reached, or the token is no administrator's */
  async check(): Promise<void> {
    await this.call('GET', '/v1/rooms?limit=1');
  }

  /** The files of this homeserver that were sent in a Room, as `mxc://` addresses. */
  async filesIn(roomId: RoomId): Promise<string[]> {
    const answer = await this.call<{ local: string[] }>(
      'GET',
      `/v1/room/${encodeURIComponent(roomId)}/media`,
    );
    return answer?.local ?? [];
  }

  /** Removes a file of this homeserver; one that is gone already is none to mention. */
  async deleteFile(mxc: string): Promise<void> {
    const [server = '', id = ''] = mxc.replace('mxc://', '').split('/');
    await this.call('DELETE', `/v1/media/${encodeURIComponent(server)}/${encodeURIComponent(id)}`);
  }

  /** Puts everybody of this homeserver out of a Room, forgets all of it, and lets nobody in again. */
  async deleteRoom(roomId: RoomId): Promise<void> {
    const body = { purge: true, block: true };
    const path = `/v2/rooms/${encodeURIComponent(roomId)}`;
    const started = await this.call<{ delete_id: string }>('DELETE', path, body);
    if (!started) return;
    const statusPath = `/v2/rooms/delete_status/${encodeURIComponent(started.delete_id)}`;
    const patientUntil = performance.now() + patienceMs;
    for (;;) {
      const { status } = (await this.call<DeleteStatus>('GET', statusPath)) ?? { status: 'complete' };
      if (status === 'complete') return;
      if (status === 'failed')
        throw new Error(`The homeserver could not delete ${roomId}; its log tells why`);
      if (performance.now() > patientUntil) throw new Error(`The homeserver still deletes ${roomId}`);
      await wait(betweenLooksMs);
    }
  }

  /** Removes what a user has uploaded, their profile and their account. */
  async eraseUser(userId: UserId): Promise<void> {
    const user = encodeURIComponent(userId);
    await this.call('DELETE', `/v1/users/${user}/media?limit=1000`);
    await this.call('POST', `/v1/deactivate/${user}`, { erase: true });
  }

  /** @returns undefined when there is no such thing */
  private async call<T>(method: string, path: string, body?: object): Promise<T | undefined> {
    const response = await fetch(`${this.url.replace(/\/$/, '')}/_synapse/admin${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new Error(`The homeserver cannot be reached at ${this.url}`, { cause: error });
    });
    const answer = (await response.json().catch(() => ({}))) as T & { errcode?: string };
    if (response.ok) return answer;
    if (response.status === 404 && answer.errcode === 'M_NOT_FOUND') return undefined;
    const why = `${response.status} ${answer.errcode ?? ''}`.trim();
    throw new Error(`The homeserver refuses ${method} ${path.split('/').slice(0, 3).join('/')}: ${why}`);
  }
}
