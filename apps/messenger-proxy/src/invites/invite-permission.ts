import { UserId } from '@bridge/contracts';
import type { InviteContactStore } from '@bridge/persistence';
import type { FederationList } from '../federation-list/federation-list';
import { serverOfId } from '../requests/server-name';
import type { InvitePolicy } from '../profile';
import { mayInviteBy, namesTheInsured } from './permission-config';
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

/** What somebody's own word comes to; `unsaid`: they have said nothing, and the default is a no. */
type OwnWord = 'yes' | 'no' | 'unsaid';

/**
 * Whether somebody here lets somebody else invite them. Their own word comes first: their permissions, or their contacts.
 * Where it is not said by that, the directory is asked. Whatever cannot be found out is a no.
 */
export class InvitePermission {
  constructor(private readonly dependencies: InvitePermissionDependencies) {}

  /** @throws what reading and asking throw: nobody is let through because of it */
  async mayInvite(inviter: string, invitee: string): Promise<boolean> {
    const { policy, directory } = this.dependencies;
    if (policy === 'listed') return true;
    const word =
      policy === 'permissions'
        ? await this.permissionWord(inviter, invitee)
        : await this.contactWord(inviter, invitee);
    if (word !== 'unsaid') return word === 'yes';
    return directory ? directory(inviter, invitee) : false;
  }

  /** Somebody who blocks others has said so: no directory turns that round. */
  private async permissionWord(inviter: string, invitee: string): Promise<OwnWord> {
    const { permissions, list } = this.dependencies;
    const config = await permissions.of(invitee);
    if (!config) return 'no';
    // Only where it matters: an outdated list keeps nobody from inviting somebody of the same homeserver.
    const server = namesTheInsured(config) ? list().find(serverOfId(inviter) ?? '') : undefined;
    if (mayInviteBy(config, inviter, server?.isInsurance ?? false)) return 'yes';
    return permissions.isDefault(config) ? 'unsaid' : 'no';
  }

  /** A contact counts from its start to its end. */
  private async contactWord(inviter: string, invitee: string): Promise<OwnWord> {
    const contact = await this.dependencies.contacts.find(UserId.parse(invitee), UserId.parse(inviter));
    const now = this.dependencies.now();
    const counts =
      contact !== undefined && contact.start.getTime() <= now && (contact.end?.getTime() ?? Infinity) > now;
    return counts ? 'yes' : 'unsaid';
  }
}
