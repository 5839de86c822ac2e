import { createHash } from 'node:crypto';
import { EventId, FhirRef, type MessageKind, type MessageOf } from '@bridge/contracts';
import { made } from './organisation';

/** A message for a work queue, with the key that it is in order with others of. */
export interface Keyed<K extends MessageKind> {
  readonly key: string;
  readonly data: MessageOf<K>;
}

/** What one kind of message of a conversation says: its text is the conversation's name and its number. */
export interface Numbered<K extends MessageKind> {
  readonly kind: K;
  readonly message: (conversation: number, number: number) => Keyed<K>;
}

/** What room-manager is told to say. */
export const toBeSaid: Numbered<'command.send-message'> = {
  kind: 'command.send-message',
  message: (conversation, number) => {
    const name = made.conversation(conversation);
    const data = {
      conversation: name,
      source: FhirRef.parse(`Communication/${idOf('written', conversation, number)}`),
      version: '1',
      part: 0,
      parts: [0],
      author: made.relative(conversation),
      content: { msgtype: 'm.text', body: `${name} ${number}` },
    };
    return { key: name, data };
  },
};

/** What a nurse said in a Room, for fhir-mapper to record. */
export const toBeRecorded: Numbered<'matrix.m.room.message'> = {
  kind: 'matrix.m.room.message',
  message: (conversation, number) => {
    const roomId = made.roomId(conversation);
    const data = {
      type: 'm.room.message',
      room_id: roomId,
      event_id: EventId.parse(`$${idOf('said', conversation, number)}`),
      sender: made.nurseAccount(conversation),
      origin_server_ts: Date.now(),
      content: { msgtype: 'm.text', body: `${roomId} ${number}` },
    };
    return { key: roomId, data };
  },
};

/** What somebody wrote in the record, for fhir-mapper to have said by room-manager. */
export const toBeMapped: Numbered<'fhir.changed'> = {
  kind: 'fhir.changed',
  message: (conversation, number) => {
    const id = idOf('changed', conversation, number);
    const lastUpdated = new Date().toISOString();
    const key = made.conversation(conversation);
    const resource = {
      resourceType: 'Communication',
      id,
      meta: { versionId: '1', lastUpdated },
      status: 'completed',
      partOf: [{ reference: key }],
      sender: { reference: made.relative(conversation) },
      payload: [{ contentString: `${key} ${number}` }],
    };
    const data = { ref: FhirRef.parse(`Communication/${id}`), versionId: '1', lastUpdated, resource };
    return { key, data };
  },
};

/** A valid id, the same for the same message. */
function idOf(what: string, conversation: number, number: number): string {
  return createHash('sha256').update(`${what} ${conversation} ${number}`).digest('hex').slice(0, 40);
}
