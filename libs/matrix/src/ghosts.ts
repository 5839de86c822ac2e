import { Injectable } from '@nestjs/common';
import { UserId } from '@bridge/contracts';
import { Homeserver } from './homeserver';
import { initialsAvatar } from './initials-avatar';
import { MatrixRefusal } from './matrix-failure';

/** Every ghost has one device with this id: a send that names a device is remembered by the homeserver over its restart. */
export const ghostDeviceId = 'FHIR_BRIDGE';

/** The bridge's own Matrix users. Every action may be repeated. */
@Injectable()
export class Ghosts {
  constructor(private readonly homeserver: Homeserver) {}

  /** Registers the user (`inhibit_login`: no token is made, as homeservers with an external login demand). */
  async register(userId: UserId): Promise<void> {
    try {
      await this.homeserver.call({
        operation: 'register a ghost',
        method: 'POST',
        path: '/_matrix/client/v3/register',
        body: {
          type: 'm.login.application_service',
          username: userId.slice(1, userId.indexOf(':')),
          inhibit_login: true,
        },
      });
    } catch (error) {
      if (!(error instanceof MatrixRefusal && error.errcode === 'M_USER_IN_USE')) throw error;
    }
  }

  /** Makes the ghost's device, without user-interactive authentication (MSC4190). */
  async ensureDevice(ghost: UserId): Promise<void> {
    await this.homeserver.call({
      operation: 'make a ghost its device',
      method: 'PUT',
      path: `/_matrix/client/v3/devices/${ghostDeviceId}`,
      body: { display_name: 'FHIR bridge' },
      as: ghost,
    });
  }

  async setDisplayName(ghost: UserId, displayName: string): Promise<void> {
    await this.homeserver.call({
      operation: 'name a ghost',
      method: 'PUT',
      path: `/_matrix/client/v3/profile/${encodeURIComponent(ghost)}/displayname`,
      body: { displayname: displayName },
      as: ghost,
    });
  }

  /**
   * Gives the ghost an avatar with these initials; none takes away the one it has.
   * A repetition uploads the picture once more, of which the homeserver keeps both; the second is shown.
   */
  async setAvatar(ghost: UserId, initials: string): Promise<void> {
    const avatar = initials === '' ? '' : await this.upload(ghost, initialsAvatar(initials, ghost));
    await this.homeserver.call({
      operation: 'give a ghost its avatar',
      method: 'PUT',
      path: `/_matrix/client/v3/profile/${encodeURIComponent(ghost)}/avatar_url`,
      body: { avatar_url: avatar },
      as: ghost,
    });
  }

  private async upload(ghost: UserId, picture: Buffer): Promise<string> {
    const { content_uri: uri } = await this.homeserver.call<{ content_uri: string }>({
      operation: 'upload an avatar',
      method: 'POST',
      path: '/_matrix/media/v3/upload',
      body: picture,
      contentType: 'image/png',
      as: ghost,
    });
    return uri;
  }
}
