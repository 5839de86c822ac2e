import { UserId } from '@bridge/contracts';
import type { InviteContactStore } from '@bridge/persistence';
import type { FederationList } from '../federation-list/federation-list';
import { serverOfId } from '../requests/server-name';
import type { InvitePolicy } from '../profile';
import { mayInviteBy } from './permission-config';
import type { PermissionSource } from './permission-source';

/** Asks a directory of everybody in the federation (such as gematik's VZD) whether one may invite another. */
export type AskDirectory = (inviter: string, invitee: string) => Promise<boolean>;

export interface InvitePermissionDependencies {
  readonly policy: InvitePolicy;
  readonly permissions: PermissionSource;
  readonly contacts: Pick<InviteContactStore, 'find'>;
  /** Not set: there is no directory. */
  readonly directory?: AskDirectory;
  readonly list: () => FederationList;
  readonly now: () => number;
}

/** Whether somebody here lets somebody else invite them. Whatever cannot be found out is a no. */
export class InvitePermission {
  constructor(private readonly dependencies: InvitePermissionDependencies) {}

  /** @throws what reading throws: nobody is let through because of it */
  async mayInvite(inviter: string, invitee: string): Promise<boolean> {
    const { policy, directory } = this.dependencies;
    if (policy === 'listed') return true;
    if (policy === 'permissions') return this.isPermitted(inviter, invitee);
    return (await this.isContact(inviter, invitee)) || (directory ? directory(inviter, invitee) : false);
  }

  private async isPermitted(inviter: string, invitee: string): Promise<boolean> {
    const config = await this.dependencies.permissions.of(invitee);
    if (!config) return false;
    const server = this.dependencies.list().find(serverOfId(inviter) ?? '');
    return mayInviteBy(config, inviter, server?.isInsurance ?? false);
  }

  /** A contact counts from its start to its end. */
  private async isContact(inviter: string, invitee: string): Promise<boolean> {
    const contact = await this.dependencies.contacts.find(UserId.parse(invitee), UserId.parse(inviter));
    const now = this.dependencies.now();
    return (
      contact !== undefined && contact.start.getTime() <= now && (contact.end?.getTime() ?? Infinity) > now
    );
  }
}
