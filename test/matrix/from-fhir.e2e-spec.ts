import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { communication } from '../../deploy/local/src/example-data';
import type { SeenEvent } from '../../deploy/local/src/matrix-user';
import type { Professional } from '../../deploy/local/src/scenario/network';
import { recordOf, sayInMatrix } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { deliverVersion } from '../support/deliver-version';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * What is written, changed and taken back in FHIR, as clients on three homeservers read it.
 */

type Written = Communication & { id: string };

let care: CareConversation;
let readers: readonly Professional[];

beforeAll(async () => {
  care = await startCareConversation();
  const { nurse, gp, pharmacist } = care.network;
  readers = [nurse, gp, pharmacist];
}, 120_000);

afterAll(() => care?.stop(outcomeOfSteps()), 30_000);

async function write(text: string, more: Partial<Communication> = {}): Promise<Written> {
  const { network, thread } = care;
  const { carer, patient, fhir } = network;
  const base = communication(
    thread.request.id,
    patient.id,
    thread.team.id,
    `RelatedPerson/${carer.id}`,
    text,
  );
  return fhir.create<Communication>({ ...base, ...more });
}

async function change(before: Written, more: Partial<Communication>): Promise<Written> {
  const now = await care.network.fhir.read<Communication>('Communication', before.id);
  return (await care.network.fhir.update<Communication>({ ...now, ...more })) as Written;
}

/** The event as each of the three clients sees it. */
async function seenByAll(what: string, find: (event: SeenEvent) => boolean): Promise<SeenEvent[]> {
  const { roomId } = care.thread;
  return Promise.all(
    readers.map(({ matrix }) =>
      matrix.waitFor(what, () => matrix.events.find((event) => event.room_id === roomId && find(event))),
    ),
  );
}

const says = (body: string) => (event: SeenEvent) =>
  event.type === 'm.room.message' && event.content.body === body;

const relationOf = ({ content }: Pick<SeenEvent, 'content'>) =>
  content['m.relates_to'] as Record<string, unknown> | undefined;

const newContentOf = ({ content }: Pick<SeenEvent, 'content'>) =>
  content['m.new_content'] as Record<string, unknown> | undefined;

const replaces = (eventId: string, body: string) => (event: SeenEvent) =>
  relationOf(event)?.rel_type === 'm.replace' &&
  relationOf(event)?.event_id === eventId &&
  newContentOf(event)?.body === body;

const redacts = (eventId: string) => (event: SeenEvent) =>
  event.type === 'm.room.redaction' && event.content.redacts === eventId;

/** The whole room as the nurse's homeserver has it, once everything written before has been dealt with. */
async function settledHistory() {
  const mark = `settled ${performance.now()}`;
  await write(mark);
  await seenByAll('what was written last', says(mark));
  return care.network.nurse.matrix.history(care.thread.roomId);
}

async function first(text: string, more: Partial<Communication> = {}) {
  const written = await write(text, more);
  const [event] = await seenByAll(`“${text}”`, says(text));
  return { written, event: event! };
}

describe('a Communication whose text changes', () => {
  step('is an edit by the same ghost, read on three homeservers', async () => {
    const { written, event } = await first('Two pills a day.');
    await change(written, { payload: [{ contentString: 'One pill a day.' }] });
    const edits = await seenByAll('the edit', replaces(event.event_id, 'One pill a day.'));
    for (const edit of edits) {
      expect(edit.sender).toBe(event.sender);
      expect(edit.content.body).toBe('* One pill a day.');
    }
    await change(written, { payload: [{ contentString: 'Half a pill a day.' }] });
    await seenByAll('the second edit of the first event', replaces(event.event_id, 'Half a pill a day.'));
  });

  step('is no edit when something else than the text changes', async () => {
    const { written, event } = await first('Always the same.');
    await change(written, { note: [{ text: 'Seen by the doctor' }] });
    await change(written, { priority: 'urgent' });
    const related = (await settledHistory()).filter(
      (each) => relationOf(each)?.event_id === event.event_id || each.content.body === 'Always the same.',
    );
    expect(related.map(({ event_id: id }) => id)).toEqual([event.event_id]);
  });

  step('has its new parts said, and its gone parts redacted', async () => {
    const texts = (...contents: string[]) => contents.map((contentString) => ({ contentString }));
    const { written } = await first('part A', { payload: texts('part A', 'part B') });
    const [b] = await seenByAll('part B', says('part B'));
    await change(written, { payload: texts('part A', 'part B', 'part C') });
    const [c] = await seenByAll('part C', says('part C'));
    await change(written, { payload: texts('part A') });
    for (const event of [b!, c!]) await seenByAll('a redaction', redacts(event.event_id));
    const left = (await settledHistory()).filter(({ content }) => /^\*? ?part/.test(String(content.body)));
    expect(left.map(({ content }) => content.body)).toEqual(['part A']);
  });

  step('says nothing while it is in preparation, and is said when it is completed', async () => {
    const draft = await write('Not yet.', { status: 'preparation' });
    expect((await settledHistory()).some(says('Not yet.') as (event: object) => boolean)).toBe(false);
    await change(draft, { status: 'completed' });
    await seenByAll('the completed message', says('Not yet.'));
  });
});

describe('a Communication that was entered in error', () => {
  step('is redacted by its author’s ghost, and no older version brings it back', async () => {
    const { written, event } = await first('Meant for another patient.');
    const versionOne = await care.network.fhir.read<Communication>('Communication', written.id);
    await change(written, { status: 'entered-in-error' });
    for (const redaction of await seenByAll('the redaction', redacts(event.event_id)))
      expect(redaction.sender).toBe(event.sender);
    await deliverVersion(care.stack.federation.natsUrl, versionOne);
    const history = await settledHistory();
    expect(history.filter(({ content }) => content.body === 'Meant for another patient.')).toEqual([]);
  });

  step('is never said when its older version comes late', async () => {
    const draft = await write('Never to be read.', { status: 'preparation' });
    const old: Communication = { ...draft, status: 'completed' };
    await change(draft, { status: 'entered-in-error' });
    await settledHistory();
    await deliverVersion(care.stack.federation.natsUrl, old);
    const history = await settledHistory();
    expect(history.some(({ content }) => content.body === 'Never to be read.')).toBe(false);
  });

  step('is redacted by the bot when it was said in Matrix, once', async () => {
    const { network, thread } = care;
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'Said in the wrong room.');
    await change(recorded, { status: 'entered-in-error' });
    const redactions = await seenByAll('the redaction', redacts(eventId));
    for (const { sender } of redactions) expect(sender).toMatch(/^@_fhir_bridge_bot:/);
    await change(recorded, { note: [{ text: 'Looked at again' }] });
    const all = (await settledHistory()).filter((event) => redacts(eventId)(event as SeenEvent));
    expect(all).toHaveLength(1);
  });
});

step('a redaction in Matrix that comes back from the record does nothing', async () => {
  const { network, thread } = care;
  const { eventId } = await sayInMatrix(thread, network.gp, 'Taken back by myself.');
  await network.gp.matrix.redact(thread.roomId, eventId, 'mistake');
  await until('the redaction in the record', async () => {
    return (await recordOf(network, eventId)).status === 'entered-in-error';
  });
  const all = (await settledHistory()).filter((event) => redacts(eventId)(event as SeenEvent));
  expect(all.map(({ sender }) => sender)).toEqual([network.gp.matrix.userId]);
});

step('a first message of a CommunicationRequest that changes is an edit of it', async () => {
  const { network, thread } = care;
  const history = await network.nurse.matrix.history(thread.roomId);
  const opening = history.find(({ content }) => content.body === 'How is she today?')!;
  const request = await network.fhir.read<CommunicationRequest>('CommunicationRequest', thread.request.id);
  await network.fhir.update({ ...request, payload: [{ contentString: 'How was she today?' }] });
  await seenByAll('the edit', replaces(opening.event_id, 'How was she today?'));
});

describe('a Communication in a thread', () => {
  step('is in the thread of the message that it is part of', async () => {
    const { thread } = care;
    const { written: root, event: rootEvent } = await first('About her walker.');
    const request = { reference: `CommunicationRequest/${thread.request.id}` };
    const within = (id: string) => ({ partOf: [request, { reference: `Communication/${id}` }] });
    const { written: second, event: secondEvent } = await first('It is too low.', within(root.id));
    expect(relationOf(secondEvent)).toEqual({
      rel_type: 'm.thread',
      event_id: rootEvent.event_id,
      is_falling_back: true,
      'm.in_reply_to': { event_id: rootEvent.event_id },
    });
    // Within a message of the thread: Matrix knows one level of threads.
    const { event: third } = await first('Then raise it.', {
      ...within(second.id),
      inResponseTo: [{ reference: `Communication/${second.id}` as 'Communication/1' }],
    });
    expect(relationOf(third)).toEqual({
      rel_type: 'm.thread',
      event_id: rootEvent.event_id,
      is_falling_back: false,
      'm.in_reply_to': { event_id: secondEvent.event_id },
    });
  });

  step('is in the thread of a message that was said in Matrix', async () => {
    const { network, thread } = care;
    const { eventId, recorded } = await sayInMatrix(thread, network.gp, 'About her glasses.');
    const partOf = [
      { reference: `CommunicationRequest/${thread.request.id}` },
      { reference: `Communication/${recorded.id}` },
    ];
    const { event } = await first('She has lost them.', { partOf });
    expect(relationOf(event)).toMatchObject({ rel_type: 'm.thread', event_id: eventId });
  });
});

step('a Communication to single persons mentions them, and a team nobody', async () => {
  const { network, thread } = care;
  const recipient = [
    { reference: `CareTeam/${thread.team.id}` },
    { reference: `Practitioner/${network.gp.resource.id}` },
    { reference: `RelatedPerson/${network.carer.id}` },
    { reference: `Practitioner/${network.physiotherapist.resource.id}` },
  ];
  const { event } = await first('Doctor, can you come?', { recipient });
  // Not the author, and nobody who is not in the room.
  expect(event.content['m.mentions']).toEqual({ user_ids: [network.gp.matrix.userId] });
  const { event: toAll } = await first('Can anybody come?');
  expect(toAll.content['m.mentions']).toEqual({});
});

describe('a text with a form', () => {
  step('is read with it, without what could harm', async () => {
    const html = '<p>Take <b>two</b> pills.</p><script>alert(1)</script><img src="x" onerror="alert(1)">';
    await write(html);
    const events = await seenByAll('the words', says('Take two pills.'));
    for (const { content } of events) {
      expect(content.format).toBe('org.matrix.custom.html');
      expect(content.formatted_body).toBe('<p>Take <b>two</b> pills.</p>');
    }
  });

  step('may have it in the extension rendering-xhtml', async () => {
    const url = 'http://hl7.org/fhir/StructureDefinition/rendering-xhtml';
    const extension = [{ url, valueString: '<div>Take <em>three</em> pills</div>' }];
    const payload = [{ contentString: 'Take 3 pills', _contentString: { extension } }];
    const { event } = await first('Take 3 pills', { payload });
    expect(event.content.formatted_body).toBe('<div>Take <em>three</em> pills</div>');
  });

  step('is none when a text only looks like it', async () => {
    const { event } = await first('a < b and <y> is > 3');
    expect(event.content).not.toHaveProperty('formatted_body');
  });
});

describe('a long text', () => {
  const line = (name: string, number: number) => `${name} ${String(number).padStart(5, '0')} 👩🏽‍⚕️ é\n\n`;
  const longText = (name: string, lines: number) =>
    Array.from({ length: lines }, (_, number) => line(name, number)).join('');
  const piecesOf = (name: string) => (event: Omit<SeenEvent, 'seenAt'>) =>
    event.type === 'm.room.message' && String(event.content.body).startsWith(name);
  const numbersIn = (texts: unknown[], name: string) =>
    texts
      .flatMap((text) => [...String(text).matchAll(new RegExp(`${name} (\\d+)`, 'g'))])
      .map(([, n]) => Number(n));

  step('is said in pieces, in order, with no word lost, and changes piece by piece', async () => {
    const written = await write(longText('alpha', 4_000));
    const history = await settledHistory();
    const pieces = history.filter(piecesOf('alpha'));
    expect(pieces.length).toBeGreaterThan(1);
    const numbers = numbersIn(
      pieces.map(({ content }) => content.body),
      'alpha',
    );
    expect(numbers).toEqual(Array.from({ length: 4_000 }, (_, number) => number));

    await change(written, { payload: [{ contentString: `${longText('alpha', 4_000)}the end` }] });
    const last = pieces.at(-1)!;
    await seenByAll('the edit of the last piece', (event) => {
      const relation = relationOf(event);
      return relation?.event_id === last.event_id && String(newContentOf(event)?.body).endsWith('the end');
    });
    const edits = (await settledHistory()).filter((event) =>
      pieces.some(({ event_id: id }) => relationOf(event)?.event_id === id),
    );
    expect(edits).toHaveLength(1);
    await change(written, { payload: [{ contentString: 'alpha in short' }] });
    for (const piece of pieces.slice(1)) await seenByAll('the redaction of a piece', redacts(piece.event_id));
  });

  step('of more than eight pieces is attached as a text file', async () => {
    const text = longText('omega', 16_000);
    const written = await write(text);
    const [event] = await seenByAll('the file', ({ content }) => {
      const source = content['nl.fhir-bridge.source'] as { id?: string } | undefined;
      return source?.id === written.id;
    });
    expect(event!.content).toMatchObject({ msgtype: 'm.file', body: 'message.txt' });
  });
});

step('an old message carries the time at which it was said', async () => {
  const sent = '2026-03-10T09:30:00.000Z';
  const { event } = await first('Said in March.', { sent });
  expect(event.origin_server_ts).toBe(Date.parse(sent));
  const before = Date.now();
  const { event: fresh } = await first('Said now.');
  expect(Math.abs(fresh.origin_server_ts - before)).toBeLessThan(60_000);
});

step('somebody with an account of their own who writes in FHIR is shown by their ghost', async () => {
  const { gp } = care.network;
  const { event } = await first('From the practice system.', {
    sender: { reference: `Practitioner/${gp.resource.id}` },
  });
  expect(event.sender).toMatch(/^@_fhir_bridge_[0-9a-f]{32}:/);
  const member = (await gp.matrix.state(care.thread.roomId)).find(
    ({ type, state_key: key }) => type === 'm.room.member' && key === event.sender,
  );
  expect(member?.content.displayname).toContain('Yasmina Alami');
});

describe('a Communication for a conversation that is closed', () => {
  step('is still shown by its author’s ghost, and members still cannot post', async () => {
    const { network, thread } = care;
    const { written, event: earlier } = await first('Said while it was open.');
    const request = await network.fhir.read<CommunicationRequest>('CommunicationRequest', thread.request.id);
    const levels = () =>
      network.nurse.matrix.state(thread.roomId).then(
        (state) =>
          state.find(({ type }) => type === 'm.room.power_levels')?.content as {
            events_default: number;
            users: Record<string, number>;
          },
      );
    await network.fhir.update({ ...request, status: 'completed' });
    await until('the closed room', async () => (await levels()).events_default > 100);
    const { event } = await first('Late, but important.');
    expect(event.sender).toBe(earlier.sender);
    await expect(network.nurse.matrix.say(thread.roomId, 'May I?')).rejects.toThrow('403');
    await change(written, { payload: [{ contentString: 'Corrected after it was closed.' }] });
    await seenByAll('the late edit', replaces(earlier.event_id, 'Corrected after it was closed.'));
    await change(written, { status: 'entered-in-error' });
    await seenByAll('the late redaction', redacts(earlier.event_id));

    const closed = await network.fhir.read<CommunicationRequest>('CommunicationRequest', thread.request.id);
    await network.fhir.update({ ...closed, status: 'active' });
    await until('the open room', async () => (await levels()).events_default === 25);
    expect((await levels()).users[earlier.sender]).toBe(50);
    await network.nurse.matrix.say(thread.roomId, 'Now I may.');
  });
});

step('nothing of all this is among the dead letters', async () => {
  expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
});
