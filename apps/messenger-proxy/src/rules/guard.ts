import { forbidden } from '../requests/refusal';
import { serverOfId } from '../requests/server-name';

/** What the rules ask of the rest of the proxy. */
export interface GuardSources {
  /** The homeserver behind this proxy. */
  readonly ownServer: string;
  /** Whether a homeserver is in the federation list, which is read anew for one that is not. */
  isListed(server: string): Promise<boolean>;
  /** Whether somebody here lets somebody else invite them. */
  mayInvite(inviter: string, invitee: string): Promise<boolean>;
}

/** What every rule about servers and invites comes down to. */
export class Guard {
  constructor(private readonly sources: GuardSources) {}

  get ownServer(): string {
    return this.sources.ownServer;
  }

  isOwn(id: string): boolean {
    return serverOfId(id) === this.ownServer;
  }

  /** Whether a homeserver is ours or in the list. */
  async isMember(server: string | undefined): Promise<boolean> {
    return server === this.ownServer || (server !== undefined && (await this.sources.isListed(server)));
  }

  /** @throws Refusal 403 where a homeserver is neither ours nor in the list (A_25534) */
  async requireServer(server: string | undefined): Promise<void> {
    if (!(await this.isMember(server))) {
      throw forbidden('The homeserver is not part of the federation.', 'not-listed');
    }
  }

  /** @throws Refusal where the homeserver of a user, a room alias or the like is not in the list */
  async requireServerOf(id: unknown): Promise<void> {
    await this.requireServer(serverOfId(id));
  }

  /**
   * An invite may be made: both homeservers are in the list, and somebody here lets the other invite them. What people
   * elsewhere allow is for the proxy there to know.
   * @throws Refusal 403
   */
  async requireInvite(inviter: string, invitee: unknown): Promise<void> {
    await this.requireServerOf(inviter);
    await this.requireServerOf(invitee);
    const guest = String(invitee);
    if (inviter === guest || !this.isOwn(guest)) return;
    if (!(await this.sources.mayInvite(inviter, guest))) {
      throw forbidden('They do not let you invite them.', 'invite-not-allowed');
    }
  }
}
