import type { Communication } from '@medplum/fhirtypes';
import type { SeenEvent } from '../../deploy/local/src/matrix-user';
import type { Professional } from '../../deploy/local/src/scenario/network';
import { recordOf } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { queryDatabase } from '../support/database';
import { emptyQueues, deadLetterKinds, deadLetterPayloads } from '../support/queue-evidence';
import { publishTo } from '../support/work-queue';

/* Whoever says something that cannot be recorded learns it, and sees when it is recorded after all. */

// Several servers and the queue are between an event and its record; each wait has its own, shorter bound.
jest.setTimeout(90_000);

let care: CareConversation;
let nurse: Professional;
let gp: Professional;
let pharmacist: Professional;
let roomId: string;

beforeAll(async () => {
  care = await startCareConversation({
    homeservers: 'vvt',
    settings: { DELIVERY_MARK_AFTER_MS: '500', BOT_LANGUAGE: 'nl', FHIR_REQUEST_TIMEOUT_MS: '1000' },
  });
  ({ nurse, gp, pharmacist } = care.network);
  ({ roomId } = care.thread);
}, 120_000);

afterAll(() => care?.stop(), 30_000);

interface Mark {
  readonly notice: SeenEvent;
  readonly reaction: SeenEvent;
}

const relationOf = ({ content }: Pick<SeenEvent, 'content'>) =>
  (content['m.relates_to'] ?? {}) as {
    rel_type?: string;
    event_id?: string;
    key?: string;
    'm.in_reply_to'?: { event_id: string };
  };

/** A notice that answers the message, or a reaction to it. */
const isMark = (event: Pick<SeenEvent, 'sender' | 'type' | 'content'>, eventId: string) => {
  const { event_id: target, 'm.in_reply_to': answered } = relationOf(event);
  const about = event.type === 'm.reaction' ? target : answered?.event_id;
  return event.sender.startsWith('@_fhir_bridge_bot:') && about === eventId;
};

/** The mark beneath a message, as a member's client shows it. */
async function markOf(eventId: string, { matrix }: Professional): Promise<Mark> {
  return matrix.waitFor(`the mark of ${eventId}`, () => {
    const events = matrix.events.filter((event) => isMark(event, eventId));
    const notice = events.find(({ type }) => type === 'm.room.message');
    const reaction = events.find(({ type }) => type === 'm.reaction');
    return notice && reaction && { notice, reaction };
  });
}

/** What the homeserver still shows of the bot about a message: redacted events have no relation any more. */
async function marksLeft(eventId: string, { matrix }: Professional): Promise<number> {
  return (await matrix.history(roomId)).filter((event) => isMark(event, eventId)).length;
}

async function markGone(eventId: string, reader: Professional): Promise<void> {
  await until('the mark to go', async () => (await marksLeft(eventId, reader)) === 0);
  const rows = () =>
    queryDatabase(care.stack.federation.databaseUrl, 'SELECT 1 FROM delivery_mark WHERE event_id = $1', [
      eventId,
    ]);
  await until('the row of the mark to go', async () => (await rows()).length === 0);
}

/** It is not tried any more: a mark alone may also be that of a message that is tried again. */
async function givenUp(eventId: string): Promise<void> {
  await until(`the dead letter of ${eventId}`, async () =>
    (await deadLetterPayloads(care.stack.federation.natsUrl)).some((payload) => payload.includes(eventId)),
  );
}

async function recordsOf(eventId: string): Promise<Communication[]> {
  const identifier = `https://matrix.org/event-id|${eventId}`;
  return care.network.fhir.search<Communication>('Communication', { identifier });
}

const inThread = (event_id: string) => ({
  'm.relates_to': {
    rel_type: 'm.thread',
    event_id,
    is_falling_back: true,
    'm.in_reply_to': { event_id },
  },
});

/** The FHIR server refuses a Communication with a blank reference, which FHIR does not allow. */
async function setEncounter(encounter: string | null): Promise<void> {
  await queryDatabase(
    care.stack.federation.databaseUrl,
    'UPDATE conversation_room SET encounter = $1 WHERE room_id = $2',
    [encounter, roomId],
  );
}

describe('a message that the FHIR server refuses', () => {
  let refused: string;

  it('is marked for its sender, in a thread and with a reaction, and is a dead letter', async () => {
    await setEncounter(' ');
    const root = (await gp.matrix.say(roomId, 'Refused.')).eventId;
    refused = root;
    const { notice, reaction } = await markOf(refused, gp);
    expect(notice.content.msgtype).toBe('m.notice');
    expect(notice.content.body).toMatch(/^Dit bericht staat nog niet in het dossier/);
    expect(relationOf(notice)).toMatchObject({ rel_type: 'm.thread', event_id: refused });
    expect(relationOf(reaction)).toEqual({ rel_type: 'm.annotation', event_id: refused, key: '⚠️' });
    await givenUp(refused);
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toContain('matrix.m.room.message');
  });

  it('is marked in the thread that it was said in', async () => {
    const { eventId } = await pharmacist.matrix.say(roomId, 'Refused as well.', inThread(refused));
    const { notice } = await markOf(eventId, pharmacist);
    expect(relationOf(notice)).toMatchObject({
      event_id: refused,
      'm.in_reply_to': { event_id: eventId },
    });
  });

  it('keeps its mark while others are recorded, and loses it when the dead letter is replayed', async () => {
    await setEncounter(null);
    const { eventId } = await gp.matrix.say(roomId, 'Accepted.');
    await recordOf(care.network, eventId);
    expect(await marksLeft(refused, gp)).toBe(2);
    const event = (await gp.matrix.history(roomId)).find(({ event_id: id }) => id === refused)!;
    await publishTo(care.stack.federation.natsUrl, 'mapping.0.matrix.m.room.message', event);
    await recordOf(care.network, refused);
    await markGone(refused, nurse);
    expect(await recordsOf(refused)).toHaveLength(1);
  });

  it('that is redacted loses its mark, and is not recorded by a replay', async () => {
    const { natsUrl } = care.stack.federation;
    await setEncounter(' ');
    const { eventId } = await gp.matrix.say(roomId, 'Better forgotten.');
    await markOf(eventId, gp);
    await givenUp(eventId);
    const event = (await gp.matrix.history(roomId)).find(({ event_id: id }) => id === eventId)!;
    await setEncounter(null);
    await gp.matrix.redact(roomId, eventId, '');
    await markGone(eventId, gp);
    await publishTo(natsUrl, 'mapping.0.matrix.m.room.message', event);
    const marker = { ...event, event_id: '$marker', content: { msgtype: 'm.text', body: 'Marker.' } };
    await publishTo(natsUrl, 'mapping.0.matrix.m.room.message', marker);
    await recordOf(care.network, '$marker');
    expect(await recordsOf(eventId)).toEqual([]);
  });
});

describe('messages said while the FHIR server is away', () => {
  it('are marked, all of them; when it is back they are recorded once and the marks go away', async () => {
    await care.stack.fhir.process.stop();
    const first = (await gp.matrix.say(roomId, 'Is anybody there?')).eventId;
    await nurse.matrix.waitFor('the first', () =>
      nurse.matrix.events.find((each) => each.event_id === first),
    );
    const second = (await nurse.matrix.say(roomId, 'Yes, I am.')).eventId;
    await markOf(first, gp);
    await markOf(first, pharmacist);
    await markOf(second, nurse);

    await care.stack.fhir.process.start();
    for (const [eventId, reader] of [
      [first, pharmacist],
      [second, gp],
    ] as const) {
      await recordOf(care.network, eventId);
      await markGone(eventId, reader);
      expect(await recordsOf(eventId)).toHaveLength(1);
    }
  });

  it('leave no mark when a mark or its removal comes once more, or too late', async () => {
    const { natsUrl, databaseUrl } = care.stack.federation;
    const { eventId } = await gp.matrix.say(roomId, 'Long recorded.');
    await recordOf(care.network, eventId);
    const sender = gp.matrix.userId;
    await publishTo(natsUrl, 'rooms.0.command.mark-undelivered', { roomId, eventId, sender });
    await publishTo(natsUrl, 'rooms.0.command.clear-mark', { roomId, eventId });

    // The same partition: what was published before it has been dealt with when this one is marked.
    const other = (await gp.matrix.say(roomId, 'Marked by hand.')).eventId;
    await recordOf(care.network, other);
    // The mapper looks for a mark once more when it has recorded: this one is not for it to find.
    await emptyQueues(natsUrl);
    await queryDatabase(databaseUrl, 'INSERT INTO delivery_mark (event_id, room_id) VALUES ($1, $2)', [
      other,
      roomId,
    ]);
    const mark = { roomId, eventId: other, sender };
    await publishTo(natsUrl, 'rooms.0.command.mark-undelivered', mark);
    await publishTo(natsUrl, 'rooms.0.command.mark-undelivered', mark);
    await markOf(other, gp);
    expect(await marksLeft(eventId, gp)).toBe(0);
    await publishTo(natsUrl, 'rooms.0.command.clear-mark', { roomId, eventId: other });
    await publishTo(natsUrl, 'rooms.0.command.clear-mark', { roomId, eventId: other });
    await publishTo(natsUrl, 'rooms.0.command.mark-undelivered', mark);
    await markGone(other, gp);
    const all = gp.matrix.events.filter((event) => isMark(event, other));
    expect(all.map(({ type }) => type).sort()).toEqual(['m.reaction', 'm.room.message']);
  });
});
