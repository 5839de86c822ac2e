import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** What the service knows. It is asked for it at each request, so that it may change at any time. */
export interface RegistrationContent {
  /** The federation list as it was signed (JWS, compact form); not set: none yet. */
  readonly list?: string;
  /** Who may invite whom, as Matrix ids. */
  readonly invites: readonly (readonly [inviter: string, invitee: string])[];
  /** Support contacts by the first label of a server name. */
  readonly support: Readonly<Record<string, object>>;
}

export interface RegistrationService {
  /** Of http on 127.0.0.1, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
const question = z.object({ invitingUser: z.string(), invitedUser: z.string() });
const payload = z.looseObject({ version: z.number() });

/**
 * Stands in for the registration service of a federation, for local use and tests: the paths that the messenger proxy
 * asks, as the reference implementation of gematik has them, with a signed list in the place of its unsigned one. It asks
 * nobody who they are: it is for 127.0.0.1.
 *
 * - `GET /backend/federation?version=`: the list, or 304 where that version is the newest
 * - `POST /backend/vzd/invite`: 200 or 403
 * - `GET /backend/well-known-support/{name}`: support contacts, or 404
 */
export async function startRegistrationService(
  content: () => RegistrationContent | Promise<RegistrationContent>,
  port = 0,
): Promise<RegistrationService> {
  const server = createServer((request, response) => {
    answer(request, response, content).catch(() => response.writeHead(500).end());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: () => RegistrationContent | Promise<RegistrationContent>,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const { list, invites, support } = await content();
  const [, name] = /^\/backend\/well-known-support\/([^/]+)$/.exec(pathname) ?? [];
  if (request.method === 'GET' && pathname === '/backend/federation') {
    return answerList(response, list, searchParams.get('version'));
  }
  if (request.method === 'GET' && name !== undefined) {
    const found = Object.entries(support).find(([each]) => each === decodeURIComponent(name))?.[1];
    return found ? json(response, 200, found) : json(response, 404, {});
  }
  if (request.method === 'POST' && pathname === '/backend/vzd/invite') {
    const asked = question.safeParse(JSON.parse(await bodyOf(request))).data;
    if (!asked) return json(response, 400, {});
    const inviter = userIdOf(asked.invitingUser);
    const invitee = userIdOf(asked.invitedUser);
    const allowed = invites.some(([from, to]) => from === inviter && to === invitee);
    return json(response, allowed ? 200 : 403, {});
  }
  json(response, 404, {});
}

function answerList(response: ServerResponse, list: string | undefined, known: string | null): void {
  if (list === undefined) return json(response, 404, {});
  if (known !== null && Number(known) >= versionOf(list)) return void response.writeHead(304).end();
  response.writeHead(200, { 'content-type': 'application/jose' }).end(list);
}

function versionOf(jws: string): number {
  const [, part = ''] = jws.split('.');
  return payload.parse(JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))).version;
}

/** Out of a Matrix URI: `matrix:u/a:b` is `@a:b`. */
function userIdOf(uri: string): string | undefined {
  const [, id] = /^matrix:u\/(.+)$/.exec(uri) ?? [];
  return id === undefined ? undefined : `@${decodeURIComponent(id)}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new Error('too large');
  }
  return text;
}

function json(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
