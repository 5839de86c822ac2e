import { randomUUID } from 'node:crypto';

/** A message as Synapse sends it to an application service. */
export interface MadeEvent {
  readonly event_id: string;
  readonly room_id: string;
  readonly [field: string]: unknown;
}

/** Ids are new each time: the queue and the bridge would know an old one again, and do nothing. */
export function madeMessage(roomId: string, sender: string): MadeEvent {
  const body = `The wound looks better today, I have changed the dressing. ${randomUUID()}`;
  return {
    type: 'm.room.message',
    room_id: roomId,
    sender,
    content: { msgtype: 'm.text', body, 'm.mentions': {} },
    origin_server_ts: Date.now(),
    unsigned: { age: 41 },
    event_id: `$${randomUUID()}`,
    user_id: sender,
    age: 41,
  };
}
