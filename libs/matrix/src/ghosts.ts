import { Injectable } from '@nestjs/common';
import { UserId } from '@bridge/contracts';
import { Homeserver } from './homeserver';
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
}
