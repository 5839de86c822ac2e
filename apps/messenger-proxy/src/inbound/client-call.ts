import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearerToken } from '@bridge/platform';
import type { RawPath } from '../requests/raw-path';
import type { ClientRule } from '../routes/client-routes';
import type { Match } from '../routes/route-table';
import type { WholeAnswer } from '../server/forwarder';

/** A call of a client that is under way. */
export interface ClientCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: RawPath;
  readonly match: Match<ClientRule>;
}

/** As it was sent. */
export function targetOf({ path, query }: RawPath): string {
  return path + query;
}

export function queryOf({ address }: ClientCall): URLSearchParams {
  return new URLSearchParams(address.query);
}

/** In the header or, as Matrix 1.11 still has it, in the query. */
export function tokenOf(call: ClientCall): string | undefined {
  return bearerToken(call.request.headers.authorization) ?? queryOf(call).get('access_token') ?? undefined;
}

/** Answers with one that was read whole. */
export function sendWhole(response: ServerResponse, { status, headers, body }: WholeAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
