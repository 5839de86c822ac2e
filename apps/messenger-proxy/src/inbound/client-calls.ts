import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearerToken } from '@bridge/platform';
import { PERMISSION_TYPE, type PermissionConfig } from '../invites/permission-config';
import type { TokenOwners } from '../invites/token-owners';
import { parseBody } from '../requests/json-body';
import type { RawPath } from '../requests/raw-path';
import { Refusal, forbidden } from '../requests/refusal';
import type { ClientRule } from '../routes/client-routes';
import type { Match } from '../routes/route-table';
import { type RoomRules, checkCreateRoom, checkUpgrade } from '../rules/create-room';
import type { Guard } from '../rules/guard';
import { checkInvite, checkPresence, checkRedaction, checkSend, checkState } from '../rules/room-events';
import { withVersionCeiling } from '../rules/versions';
import type { Forwarder, WholeAnswer } from '../server/forwarder';
import { readBody } from '../server/read-body';

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

/** A call of a client that is under way. */
export interface ClientCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: RawPath;
  readonly match: Match<ClientRule>;
}

export interface ClientCallDependencies {
  readonly guard: Guard;
  readonly rules: ClientRules;
  readonly homeserver: Forwarder;
  readonly owners: TokenOwners;
  /** Somebody has set who may invite them. */
  readonly permissionsChanged: (userId: string) => void;
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
        return changed ? Buffer.from(JSON.stringify(changed)) : bytes;
      }
      case 'invite':
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
        if (rules.strictMessages) checkSend(parameters.type ?? '', body);
        break;
      case 'presence':
        if (rules.strictMessages) checkPresence(body);
        break;
      case 'redact':
        if (rules.strictMessages) await this.checkAge(call);
        break;
    }
    return bytes;
  }

  /** The age of an event, as whoever wants to redact it sees it: with their own token, so that it tells them nothing new. */
  private async checkAge(call: ClientCall): Promise<void> {
    const { parameters } = call.match;
    const room = encodeURIComponent(parameters.roomId ?? '');
    const event = encodeURIComponent(parameters.eventId ?? '');
    const { status, body } = await this.dependencies.homeserver.get(
      `/_matrix/client/v3/rooms/${room}/event/${event}`,
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
    if (answer.status !== 200) return send(call.response, answer);
    const body = JSON.stringify(withVersionCeiling(parseBody(answer.body), versionCeiling));
    send(call.response, { ...answer, body: Buffer.from(body) });
  }

  private async checkPublicRooms(call: ClientCall): Promise<void> {
    for (const server of queryOf(call).getAll('server')) await this.dependencies.guard.requireServer(server);
  }

  /** Who has said nothing about invites is told what holds then. */
  private async accountData(call: ClientCall): Promise<void> {
    if (call.match.parameters.type !== PERMISSION_TYPE) return this.forward(call);
    const answer = await this.fetch(call);
    if (answer.status !== 404) return send(call.response, answer);
    const body = Buffer.from(JSON.stringify(this.dependencies.rules.permissions));
    send(call.response, { status: 200, headers: answer.headers, body });
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

function targetOf({ path, query }: RawPath): string {
  return path + query;
}

/** @throws Refusal for a form, whose fields Synapse takes for parameters of the query */
function queryOf({ address, request }: ClientCall): URLSearchParams {
  if (/form/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'M_NOT_JSON', 'This call takes no form.', 'body');
  }
  return new URLSearchParams(address.query);
}

/** In the header or, as Matrix 1.11 still has it, in the query; of several nobody knows which one the homeserver takes. */
function tokenOf(call: ClientCall): string | undefined {
  const tokens = queryOf(call).getAll('access_token');
  const { authorization } = call.request.headers;
  if (authorization === undefined) return tokens.length === 1 ? tokens[0] : undefined;
  return tokens.length === 0 ? bearerToken(authorization) : undefined;
}

function send(response: ServerResponse, { status, headers, body }: WholeAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
