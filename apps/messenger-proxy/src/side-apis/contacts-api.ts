import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InviteContact, InviteContactStore } from '@bridge/persistence';
import { UserId } from '@bridge/contracts';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { OpenIdOwner } from './openid';

/** Of the interface. */
const VERSION = '1.0.0';
/** Where gematik's contact management is (I_TiMessengerContactManagement). */
const BASE = '/tim-contact-mgmt';
const MAX_BODY_BYTES = 64 * 1024;

/** Times are seconds since 1970. */
const contactSchema = z.object({
  displayName: z.string().max(256),
  mxid: UserId,
  inviteSettings: z
    .object({ start: z.int().nonnegative(), end: z.int().nonnegative().optional() })
    .refine(({ start, end }) => end === undefined || end > start, 'end is not after start'),
});

/** An answer in the form of that interface. */
class ContactError extends Error {
  constructor(
    readonly statusCode: number,
    readonly errorCode: string,
    message: string,
  ) {
    super(message);
  }
}

export interface ContactsApiDependencies {
  readonly contacts: InviteContactStore;
  readonly owner: OpenIdOwner;
  readonly onCall?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** People's own list of whom they let invite them: from when until when. */
export function contactsApi({ contacts, owner, onCall }: ContactsApiDependencies): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: MAX_BODY_BYTES });
  app.addHook('onRequest', async ({ raw }, reply) => onCall?.(raw, reply.raw));
  app.setErrorHandler((error: ContactError & { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    const known = error instanceof ContactError;
    void reply.code(status).send({
      errorCode: known ? error.errorCode : status < 500 ? 'BAD_REQUEST' : 'INTERNAL',
      errorMessage: known
        ? error.message
        : status < 500
          ? 'The request could not be read.'
          : 'Internal error.',
    });
  });
  app.setNotFoundHandler(() => {
    throw new ContactError(404, 'NOT_FOUND', 'There is nothing here.');
  });

  app.get(`${BASE}/`, () => ({ title: 'Contact management', version: VERSION }));
  app.get(`${BASE}/contacts`, async (request) => ({
    contacts: (await contacts.list(await ownerOf(request, owner))).map(jsonOf),
  }));
  app.post(`${BASE}/contacts`, async (request) => {
    const contact = contactOf(await ownerOf(request, owner), request.body);
    if (!(await contacts.add(contact)))
      throw new ContactError(409, 'CONFLICT', 'There is such a contact already.');
    return jsonOf(contact);
  });
  app.put(`${BASE}/contacts`, async (request) => {
    const contact = contactOf(await ownerOf(request, owner), request.body);
    if (!(await contacts.change(contact))) throw unknownContact();
    return jsonOf(contact);
  });
  app.get<{ Params: { mxid: string } }>(`${BASE}/contacts/:mxid`, async (request) => {
    const contact = await contacts.find(await ownerOf(request, owner), idOf(request.params.mxid));
    if (!contact) throw unknownContact();
    return jsonOf(contact);
  });
  app.delete<{ Params: { mxid: string } }>(`${BASE}/contacts/:mxid`, async (request, reply) => {
    if (!(await contacts.remove(await ownerOf(request, owner), idOf(request.params.mxid))))
      throw unknownContact();
    return reply.code(204).send();
  });
  return app;
}

/** The header Mxid, which the token has to bear out. @throws ContactError 401 */
async function ownerOf({ headers }: FastifyRequest, owner: OpenIdOwner): Promise<UserId> {
  const claimed = headers.mxid;
  const proven = await owner(headers.authorization);
  if (proven === undefined || claimed !== proven) {
    throw new ContactError(401, 'UNAUTHORIZED', 'The token is not one of the Matrix id in the header Mxid.');
  }
  return proven;
}

function contactOf(owner: UserId, body: unknown): InviteContact {
  const { data, error } = contactSchema.safeParse(body);
  if (!data) {
    const [issue] = error.issues;
    throw new ContactError(
      400,
      'BAD_REQUEST',
      `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a contact'}`,
    );
  }
  const { mxid, displayName, inviteSettings } = data;
  return {
    owner,
    approved: mxid,
    displayName,
    start: new Date(inviteSettings.start * 1_000),
    end: inviteSettings.end === undefined ? undefined : new Date(inviteSettings.end * 1_000),
  };
}

function idOf(text: string): UserId {
  const id = UserId.safeParse(text).data;
  if (id === undefined) throw new ContactError(400, 'BAD_REQUEST', 'That is no Matrix id.');
  return id;
}

function jsonOf({ approved, displayName, start, end }: InviteContact): object {
  const inviteSettings = { start: secondsOf(start), ...(end && { end: secondsOf(end) }) };
  return { displayName, mxid: approved, inviteSettings };
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}

function unknownContact(): ContactError {
  return new ContactError(404, 'NOT_FOUND', 'There is no such contact.');
}
