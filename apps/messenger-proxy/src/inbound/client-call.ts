import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearerToken } from '@bridge/platform';
import type { RawPath } from '../requests/raw-path';
import { Refusal } from '../requests/refusal';
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

/** @throws Refusal for a form, whose fields Synapse takes for parameters of the query */
export function queryOf({ address, request }: ClientCall): URLSearchParams {
  if (/form/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, 'M_NOT_JSON', 'This call takes no form.', 'body');
  }
  return new URLSearchParams(address.query);
}

/** In the header or, as Matrix 1.11 still has it, in the query; of several nobody knows which one the homeserver takes. */
export function tokenOf(call: ClientCall): string | undefined {
  const tokens = queryOf(call).getAll('access_token');
  const { authorization } = call.request.headers;
  if (authorization === undefined) return tokens.length === 1 ? tokens[0] : undefined;
  return tokens.length === 0 ? bearerToken(authorization) : undefined;
}

/** Answers with one that was read whole. */
export function sendWhole(response: ServerResponse, { status, headers, body }: WholeAnswer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.end(body);
}
