import type { IncomingMessage, ServerResponse } from 'node:http';
import { objectIn, parseBody, parseText } from '../requests/json-body';
import type { RawPath } from '../requests/raw-path';
import { forbidden } from '../requests/refusal';
import type { ServerKeys } from '../requests/server-keys';
import { formatXMatrix } from '../requests/x-matrix';
import type { FederationRule } from '../routes/federation-routes';
import type { Match } from '../routes/route-table';
import { invitedByAddress } from '../rules/create-room';
import { checkFederationInvite, checkMembership, checkTransaction } from '../rules/federation-events';
import type { Guard } from '../rules/guard';
import type { Forwarder } from '../server/forwarder';
import { readBody } from '../server/read-body';
import { checkOrigin, checkSignature } from './federation-check';

/** Fifty events and a hundred ephemeral ones of 64 KiB each; to-device messages may be larger. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** A call of a homeserver that is under way. */
export interface FederationCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: RawPath;
  readonly match: Match<FederationRule>;
}

export interface FederationCallDependencies {
  readonly guard: Guard;
  readonly homeserver: Forwarder;
  /** Not set: signatures are left to the homeserver. */
  readonly keys?: ServerKeys;
}

/** Answers calls of other homeservers by their rule. */
export class FederationCalls {
  constructor(private readonly dependencies: FederationCallDependencies) {}

  /** @throws Refusal and what checks throw */
  async answer(call: FederationCall): Promise<void> {
    switch (call.match.route.rule) {
      case 'forward':
        return this.forward(call);
      case 'notary':
        return this.forward(call, await this.checkNotary(call));
      case 'refuse-public-rooms':
        throw forbidden('The rooms here are not told to others.', 'public-rooms');
      case 'refuse-address-invite':
        throw invitedByAddress();
      case 'server':
      case 'transaction':
      case 'federation-invite':
      case 'membership':
        return this.answerServer(call);
    }
  }

  private async answerServer({ request, response, address, match }: FederationCall): Promise<void> {
    const { guard, keys, homeserver } = this.dependencies;
    const xMatrix = await checkOrigin(request, guard);
    const target = address.path + address.query;
    const method = request.method ?? '';
    const looksInside = match.route.rule !== 'server' || keys !== undefined;
    const bytes = looksInside && method !== 'GET' ? await readBody(request, MAX_BODY_BYTES) : undefined;
    const content = bytes && bytes.length > 0 ? bytes.toString('utf8') : undefined;
    const body = content === undefined ? undefined : parseText(content);
    if (keys) await checkSignature(xMatrix, { method, target, content }, guard.ownServer, keys);
    if (match.route.rule === 'transaction') await checkTransaction(body ?? {}, xMatrix.origin, guard);
    if (match.route.rule === 'membership') checkMembership(body, xMatrix.origin);
    if (match.route.rule === 'federation-invite') {
      const event = match.route.path.includes('/v2/') ? body?.event : body;
      await checkFederationInvite(event, xMatrix.origin, guard);
    }
    // Written anew: what was read here is what the homeserver reads.
    const headers = { authorization: formatXMatrix(xMatrix) };
    await homeserver.forward(request, response, { target, headers, body: bytes });
  }

  /** As a notary the homeserver would ask any server for its keys: only those in the list. @returns the body to send */
  private async checkNotary({ request, match }: FederationCall): Promise<Buffer | undefined> {
    const { guard } = this.dependencies;
    if (match.parameters.serverName !== undefined) {
      await guard.requireServer(match.parameters.serverName);
      return undefined;
    }
    const bytes = await readBody(request, MAX_BODY_BYTES);
    for (const server of Object.keys(objectIn(parseBody(bytes), 'server_keys'))) {
      await guard.requireServer(server);
    }
    return bytes;
  }

  private forward({ request, response, address }: FederationCall, body?: Buffer): Promise<void> {
    const target = address.path + address.query;
    return this.dependencies.homeserver.forward(request, response, { target, body });
  }
}
