import type { IncomingMessage } from 'node:http';
import { PERMISSION_TYPE, type PermissionConfig } from '../invites/permission-config';
import type { TokenOwners } from '../invites/token-owners';
import { bodyOf, parseBody } from '../requests/json-body';
import { Refusal, forbidden } from '../requests/refusal';
import { type RoomRules, checkCreateRoom, checkUpgrade } from '../rules/create-room';
import type { Guard } from '../rules/guard';
import { checkInvite, checkPresence, checkRedaction, checkSend, checkState } from '../rules/room-events';
import { withVersionCeiling } from '../rules/versions';
import type { Forwarder, WholeAnswer } from '../server/forwarder';
import { readBody } from '../server/read-body';
import { type ClientCall, queryOf, sendWhole, targetOf, tokenOf } from './client-call';

/** Events have at most 64 KiB; a new room may come with several. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What holds for clients beside the federation list. */
export interface ClientRules extends RoomRules {
  /** The newest version of Matrix that clients are told of, such as `v1.11`; not set: what the homeserver has. */
  readonly versionCeiling?: string;
  /** Threads, reactions, states and redactions as gematik has them. */
  readonly strictMessages: boolean;
  readonly redactionLimitMs: number;
  /** What people see who have not said who may invite them. */
  readonly permissions: PermissionConfig;
}

/** Rules that look into the body. */
type BodyRule = 'create-room' | 'invite' | 'upgrade' | 'state' | 'send' | 'redact' | 'presence';

export interface ClientCallDependencies {
  readonly guard: Guard;
  readonly rules: ClientRules;
  readonly homeserver: Forwarder;
  readonly owners: TokenOwners;
  /** Somebody has set who may invite them. */
  readonly permissionsChanged: (userId: string) => void;
  /** Whom an invite is for has been read. */
  readonly onInvite?: (request: IncomingMessage, isOwn: boolean) => void;
  readonly now: () => number;
}

/** Answers calls of clients by their rule. */
export class ClientCalls {
  constructor(private readonly dependencies: ClientCallDependencies) {}

  /** @throws Refusal and what checks throw */
  async answer(call: ClientCall): Promise<void> {
    const { rule } = call.match.route;
    switch (rule) {
      case 'versions':
        return this.versions(call);
      case 'media':
        await this.dependencies.guard.requireServer(call.match.parameters.serverName);
        return this.forward(call);
      case 'public-rooms':
        await this.checkPublicRooms(call);
        return this.forward(call);
      case 'register':
        if (queryOf(call).getAll('kind').includes('guest'))
          throw forbidden('There are no guests here.', 'guest');
        return this.forward(call);
      case 'account-data-get':
        return this.accountData(call);
      case 'account-data-put':
        return this.setAccountData(call);
      case 'logout': {
        const token = tokenOf(call) ?? '';
        await this.forward(call);
        return this.dependencies.owners.forget(token, call.address.path.endsWith('/all'));
      }
      case 'forward':
      case 'well-known':
        return this.forward(call);
      case 'create-room':
      case 'invite':
      case 'upgrade':
      case 'state':
      case 'send':
      case 'redact':
      case 'presence':
        return this.forward(call, await this.checkedBody(rule, call));
    }
  }

  private forward({ request, response, address }: ClientCall, body?: Buffer): Promise<void> {
    return this.dependencies.homeserver.forward(request, response, { target: targetOf(address), body });
  }

  /** @returns the body as it has to be sent */
  private async checkedBody(rule: BodyRule, call: ClientCall): Promise<Buffer> {
    const { guard, rules, owners } = this.dependencies;
    const { parameters } = call.match;
    const sender = await owners.ownerOf(tokenOf(call));
    const bytes = await readBody(call.request, MAX_BODY_BYTES);
    // Some calls may have no body at all.
    const body = bytes.length === 0 ? {} : parseBody(bytes);
    switch (rule) {
      case 'create-room': {
        const changed = await checkCreateRoom(body, sender, rules, guard);
        return changed ? bodyOf(changed) : bytes;
      }
      case 'invite':
        this.tellInvite(call, body.user_id);
        await checkInvite(body, sender, guard);
        break;
      case 'upgrade':
        checkUpgrade(body, rules);
        break;
      case 'state':
        await checkState(
          { type: parameters.type ?? '', stateKey: parameters.stateKey ?? '', body },
          sender,
          rules,
          guard,
        );
        break;
      case 'send':
        if (!rules.strictMessages) break;
        checkSend(parameters.type ?? '', body);
        // The other way to redact: the event is named in the content.
        if (parameters.type === 'm.room.redaction') await this.checkAge(call, String(body.redacts));
        break;
      case 'presence':
        if (rules.strictMessages) checkPresence(body);
        break;
      case 'redact':
        if (rules.strictMessages) await this.checkAge(call, parameters.eventId ?? '');
        break;
    }
    return bytes;
  }

  private tellInvite({ request }: ClientCall, invitee: unknown): void {
    const { guard, onInvite } = this.dependencies;
    if (typeof invitee === 'string') onInvite?.(request, guard.isOwn(invitee));
  }

  /** The age of an event, as whoever wants to redact it sees it: with their own token, so that it tells them nothing new. */
  private async checkAge(call: ClientCall, eventId: string): Promise<void> {
    const room = encodeURIComponent(call.match.parameters.roomId ?? '');
    const { status, body } = await this.dependencies.homeserver.get(
      `/_matrix/client/v3/rooms/${room}/event/${encodeURIComponent(eventId)}`,
      `Bearer ${tokenOf(call) ?? ''}`,
    );
    if (status !== 200) throw new Refusal(404, 'M_NOT_FOUND', 'There is no such event.', 'redaction-unknown');
    const { now, rules } = this.dependencies;
    checkRedaction(parseBody(body).origin_server_ts, now(), rules.redactionLimitMs);
  }

  private async versions(call: ClientCall): Promise<void> {
    const { versionCeiling } = this.dependencies.rules;
    if (versionCeiling === undefined) return this.forward(call);
    const answer = await this.fetch(call);
    if (answer.status !== 200) return sendWhole(call.response, answer);
    const body = JSON.stringify(withVersionCeiling(parseBody(answer.body), versionCeiling));
    sendWhole(call.response, { ...answer, body: Buffer.from(body) });
  }

  private async checkPublicRooms(call: ClientCall): Promise<void> {
    for (const server of queryOf(call).getAll('server')) await this.dependencies.guard.requireServer(server);
  }

  /** Who has said nothing about invites is told what holds then. */
  private async accountData(call: ClientCall): Promise<void> {
    if (call.match.parameters.type !== PERMISSION_TYPE) return this.forward(call);
    const answer = await this.fetch(call);
    if (answer.status !== 404) return sendWhole(call.response, answer);
    const body = Buffer.from(JSON.stringify(this.dependencies.rules.permissions));
    sendWhole(call.response, { status: 200, headers: answer.headers, body });
  }

  private async setAccountData(call: ClientCall): Promise<void> {
    await this.forward(call);
    const { type, userId } = call.match.parameters;
    if (type === PERMISSION_TYPE && userId !== undefined) this.dependencies.permissionsChanged(userId);
  }

  private fetch({ request, address }: ClientCall): Promise<WholeAnswer> {
    return this.dependencies.homeserver.fetch(request, { target: targetOf(address) });
  }
}
