import { type JsonObject, isObject, listIn } from '../requests/json-body';
import { badJson, forbidden } from '../requests/refusal';
import { serverOfId } from '../requests/server-name';
import type { Guard } from './guard';

/**
 * PUT send/{txnId}: every event of a homeserver in the list is of people in the list too (AF_10064-02). A transaction is
 * let through whole or not at all: it is signed, and its sender repeats what was refused. So this looks only for what a
 * homeserver with the same list does not send: its own people's events, and the joins that it has helped with. Who was in
 * the list once may be removed at any time.
 * @throws Refusal
 */
export async function checkTransaction(body: JsonObject, origin: string, guard: Guard): Promise<void> {
  if (body.origin !== undefined && body.origin !== origin) {
    throw forbidden('The transaction is of another homeserver.', 'origin');
  }
  const ids = [
    ...listIn(body, 'pdus').flatMap((pdu) => peopleInPdu(pdu)),
    ...listIn(body, 'edus').flatMap((edu) => peopleInEdu(edu)),
  ];
  for (const id of new Set(ids)) {
    if (await guard.isMember(serverOfId(id))) continue;
    // By a name of its own: who calls is in the list, and stands still until both have the same one.
    throw forbidden('The transaction has an event of somebody outside of the federation.', 'foreign-event');
  }
}

/** Who has said it and, for those who come in, about whom. */
function peopleInPdu(pdu: unknown): unknown[] {
  if (!isObject(pdu)) throw badJson('An event is not an object.', 'body');
  const { membership } = isObject(pdu.content) ? pdu.content : {};
  const comesIn = pdu.type === 'm.room.member' && (membership === 'invite' || membership === 'join');
  return comesIn ? [pdu.sender, pdu.state_key] : [pdu.sender];
}

/** What m.signing_key_update was called before Matrix 1.1: Synapse still listens to it. */
const UNSTABLE_SIGNING_KEY_UPDATE = 'org.matrix.signing_key_update';

/** Who the ephemeral events of the specification are about (Server-Server API, "EDUs"). */
function peopleInEdu(edu: unknown): unknown[] {
  if (!isObject(edu) || !isObject(edu.content)) throw badJson('An ephemeral event is not an object.', 'body');
  const { content } = edu;
  switch (edu.edu_type) {
    case 'm.typing':
    case 'm.device_list_update':
    case 'm.signing_key_update':
    case UNSTABLE_SIGNING_KEY_UPDATE:
      return [content.user_id];
    case 'm.direct_to_device':
      return [content.sender];
    case 'm.presence':
      return listIn(content, 'push').map((each) => (isObject(each) ? each.user_id : undefined));
    case 'm.receipt':
      return Object.values(content).flatMap(readersIn);
    default:
      return [];
  }
}

function readersIn(receipts: unknown): string[] {
  if (!isObject(receipts)) throw badJson('A receipt is not an object.', 'body');
  return Object.values(receipts).flatMap((readers) => (isObject(readers) ? Object.keys(readers) : []));
}

/**
 * PUT send_join, send_leave and send_knock: somebody of the homeserver that calls comes or goes, and nobody else.
 * @throws Refusal
 */
export function checkMembership(event: unknown, origin: string): void {
  if (!isObject(event)) throw badJson('The event is not an object.', 'body');
  if (event.type !== 'm.room.member') throw badJson('The event is not of a member.', 'body');
  if (serverOfId(event.sender) !== origin || event.state_key !== event.sender) {
    throw forbidden('The event is of somebody of another homeserver.', 'origin');
  }
}

/**
 * PUT invite/{roomId}/{eventId}.
 * @param event the body in version 1 of the call, what is below `event` in version 2
 * @throws Refusal
 */
export async function checkFederationInvite(event: unknown, origin: string, guard: Guard): Promise<void> {
  if (!isObject(event)) throw badJson('The event is not an object.', 'body');
  const { sender, state_key: invitee, content } = event;
  const membership = isObject(content) ? content.membership : undefined;
  if (event.type !== 'm.room.member' || membership !== 'invite' || typeof sender !== 'string') {
    throw badJson('The event is not an invite.', 'body');
  }
  if (serverOfId(sender) !== origin) {
    throw forbidden('The invite is of another homeserver.', 'origin');
  }
  if (typeof invitee !== 'string' || !guard.isOwn(invitee)) {
    throw forbidden('The invite is for another homeserver.', 'destination');
  }
  await guard.requireInvite(sender, invitee);
}
