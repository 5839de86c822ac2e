import type { Communication, CommunicationRequest } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import { MatrixUser, type SeenEvent } from '../../deploy/local/src/matrix-user';
import type { Professional } from '../../deploy/local/src/scenario/network';
import { recordOf, writeInFhir } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { queryDatabase } from '../support/database';
import { metricOf } from '../support/metric';
import { publishTo } from '../support/work-queue';

/* What people say in a Room, from three homeservers, as the FHIR server has it. */

// Several servers and the queue are between an event and its record; each wait has its own, shorter bound.
jest.setTimeout(90_000);

let care: CareConversation;
let nurse: Professional;
let gp: Professional;
let pharmacist: Professional;
let roomId: string;

beforeAll(async () => {
  care = await startCareConversation();
  ({ nurse, gp, pharmacist } = care.network);
  ({ roomId } = care.thread);
}, 120_000);

afterAll(() => care?.stop(), 30_000);

type Record_ = Communication & { id: string };

const text = (body: string, more: object = {}) => ({ msgtype: 'm.text', body, ...more });
const html = (body: string, formatted: string) =>
  text(body, { format: 'org.matrix.custom.html', formatted_body: formatted });
const inReplyTo = (event_id: string) => ({ 'm.relates_to': { 'm.in_reply_to': { event_id } } });
const inThread = (event_id: string, target: string, is_falling_back: boolean) => ({
  'm.relates_to': {
    rel_type: 'm.thread',
    event_id,
    is_falling_back,
    'm.in_reply_to': { event_id: target },
  },
});
const editOf = (event_id: string, content: { body: string }) => ({
  ...content,
  body: `* ${content.body}`,
  'm.new_content': content,
  'm.relates_to': { rel_type: 'm.replace', event_id },
});
const reactionTo = (event_id: string, key: string) => ({
  'm.relates_to': { rel_type: 'm.annotation', event_id, key },
});
const refOf = ({ resource }: Professional) => ({
  reference: `Practitioner/${resource.id}`,
  type: 'Practitioner',
});
const textOf = (record: Communication) => record.payload?.[0]?.contentString;
const xhtmlOf = (record: Communication) =>
  (record.payload?.[0] as { _contentString?: { extension: { valueString: string }[] } } | undefined)
    ?._contentString?.extension[0]?.valueString;
const reactionsOf = ({ extension = [] }: Pick<Communication, 'extension'>) =>
  extension
    .filter(({ url }) => url === 'urn:fhir-matrix-bridge:reaction')
    .map(({ extension: [who, key] = [] }) => `${who?.valueReference?.reference} ${key?.valueString}`)
    .sort();

const record = (eventId: string): Promise<Record_> => recordOf(care.network, eventId);

/** Says something, and waits for its record. */
async function say({ matrix }: Professional, content: object, type = 'm.room.message') {
  const eventId = await matrix.send(roomId, type, content);
  return { eventId, recorded: await record(eventId) };
}

async function recordWhen(eventId: string, what: string, is: (record: Record_) => boolean) {
  return until(what, async () => {
    const found = await record(eventId);
    return is(found) && found;
  });
}

/** The nurse speaks after she has seen an event: when that is recorded, the event has been dealt with. */
async function afterwards(eventId: string): Promise<void> {
  await nurse.matrix.waitFor(eventId, () => nurse.matrix.events.find(({ event_id: id }) => id === eventId));
  await say(nurse, text(`after ${eventId}`));
}

async function recordsOf(eventId: string): Promise<Communication[]> {
  const identifier = `https://matrix.org/event-id|${eventId}`;
  return care.network.fhir.search<Communication>('Communication', { identifier });
}

async function eventOf(eventId: string): Promise<Omit<SeenEvent, 'seenAt'>> {
  return (await nurse.matrix.history(roomId)).find(({ event_id: id }) => id === eventId)!;
}

/** The queue brings an event again; resolves when the bridge is done with it. */
async function bringAgain(event: Omit<SeenEvent, 'seenAt'>): Promise<void> {
  const { databaseUrl, natsUrl } = care.stack.federation;
  await publishTo(natsUrl, `mapping.0.matrix.${event.type}`, event);
  await until('the event to be handled', async () => {
    const values = [event.event_id];
    return (
      (await queryDatabase(databaseUrl, 'SELECT 1 FROM handled_event WHERE event_id = $1', values)).length > 0
    );
  });
}

/** As if an event had been handled by nobody yet. */
async function forget(eventId: string): Promise<void> {
  const { databaseUrl } = care.stack.federation;
  const statement = 'DELETE FROM handled_event WHERE event_id = $1 RETURNING 1';
  // What it does can be seen a moment before it is noted.
  await until(
    'the event to be handled',
    async () => (await queryDatabase(databaseUrl, statement, [eventId])).length === 1,
  );
}

/**
 * As the homeserver would, which repeats what is refused, but with what ours does not let through: it came over federation,
 * or is forged.
 */
async function push(event: {
  eventId: string;
  where: string;
  sender: Professional;
  content: object;
}): Promise<void> {
  const { environment } = care.stack;
  const path = `/_matrix/app/v1/transactions/pushed-${event.eventId.slice(1)}`;
  const request = {
    method: 'PUT',
    headers: { authorization: `Bearer ${environment.hsToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      events: [
        {
          event_id: event.eventId,
          room_id: event.where,
          sender: event.sender.matrix.userId,
          type: 'm.room.message',
          origin_server_ts: Date.now(),
          content: event.content,
        },
      ],
    }),
  };
  await until('the transaction to be taken', async () => {
    const { status } = await fetch(`${urlOf('as-ingress', environment)}${path}`, request);
    expect([200, 503]).toContain(status);
    return status === 200;
  });
}

const outcome = (name: string) =>
  metricOf(urlOf('fhir-mapper', care.stack.environment), `bridge_matrix_messages_total{outcome="${name}"}`);

describe('text in Matrix', () => {
  it('with basic formatting is recorded as plain text, and beside it as harmless XHTML', async () => {
    const { recorded } = await say(
      gp,
      html('One pill', '<p>One <strong>pill</strong><img src="x"><script>y</script></p>'),
    );
    expect(textOf(recorded)).toBe('One pill');
    expect(xhtmlOf(recorded)).toBe('<p>One <strong>pill</strong></p>');
    expect(recorded.sender).toEqual(refOf(gp));
  });

  it('with emoji and rare characters is recorded unchanged', async () => {
    const body = 'Thank you 👍🏽 👩‍⚕️ 𝄞 ẞ\n\tالسلام';
    const { recorded } = await say(pharmacist, html(body, `<b>${body}</b>`));
    expect(textOf(recorded)).toBe(body);
    expect(xhtmlOf(recorded)).toBe(`<b>${body}</b>`);
  });

  it('that is a reply answers the Communication of what it replies to, without quoting it', async () => {
    const { eventId, recorded: first } = await say(gp, text('How is she?'));
    const quoted = html(
      '> <@x:y> How is she?\n\nFine',
      '<mx-reply><blockquote>a</blockquote></mx-reply>Fine',
    );
    const { recorded } = await say(nurse, { ...quoted, ...inReplyTo(eventId) });
    expect(recorded.inResponseTo).toMatchObject([{ reference: `Communication/${first.id}` }]);
    expect([textOf(recorded), xhtmlOf(recorded)]).toEqual(['Fine', 'Fine']);
  });

  it('that mentions members is addressed to them as well; strangers and the whole room add nobody', async () => {
    const userIds = [pharmacist.matrix.userId, '@nobody:elsewhere.example'];
    const mentions = { 'm.mentions': { user_ids: userIds, room: true } };
    const { recorded } = await say(gp, text('Pieter, can you?', mentions));
    expect(recorded.recipient).toMatchObject([
      { reference: `CareTeam/${care.thread.team.id}` },
      refOf(pharmacist),
    ]);
  });

  it('is recorded with its unknown sender’s Matrix id, who spoke and left before it was handled', async () => {
    const { bridge, federation } = care.stack;
    const { clientUrl, registerUser } = federation.homeservers.vvt;
    const visitor = new MatrixUser(clientUrl, await registerUser('v.isitor', 'try-me-locally', 'Visitor'));
    await Promise.all([bridge['fhir-mapper'].stop(), bridge['room-manager'].stop()]);
    await nurse.matrix.invite(roomId, visitor.userId);
    const powerLevels = (await nurse.matrix.state(roomId)).find(({ type }) => type === 'm.room.power_levels');
    const { users, ...levels } = powerLevels!.content as { users: object };
    const raised = { ...levels, users: { ...users, [visitor.userId]: 25 } };
    await nurse.matrix.setState(roomId, 'm.room.power_levels', raised);
    await visitor.join(roomId);
    const { eventId } = await visitor.say(roomId, 'I was here.');
    await visitor.leave(roomId);
    await Promise.all([bridge['fhir-mapper'].start(), bridge['room-manager'].start()]);
    const recorded = await record(eventId);
    expect(recorded.sender).toEqual({
      identifier: { system: 'https://matrix.org/user-id', value: visitor.userId },
      display: visitor.userId,
    });
    await visitor.stop();
  });
});

describe('a thread in Matrix', () => {
  it('makes its messages part of the Communication that began it', async () => {
    const { eventId: root, recorded: first } = await say(gp, text('About the pills:'));
    const { recorded, eventId } = await say(nurse, { ...text('Two a day?'), ...inThread(root, root, true) });
    const partOf = [
      { reference: `CommunicationRequest/${care.thread.request.id}` },
      { reference: `Communication/${first.id}` },
    ];
    expect(recorded.partOf).toMatchObject(partOf);
    expect(recorded).not.toHaveProperty('inResponseTo');
    const { recorded: answer } = await say(pharmacist, {
      ...text('One.'),
      ...inThread(root, eventId, false),
    });
    expect(answer.partOf).toMatchObject(partOf);
    expect(answer.inResponseTo).toMatchObject([{ reference: `Communication/${recorded.id}` }]);
  });

  it('on the first message of a conversation makes its messages part of the conversation once', async () => {
    const first = (await nurse.matrix.history(roomId)).find(
      ({ content }) => content.body === 'How is she today?',
    )!;
    const thread = inThread(first.event_id, first.event_id, true);
    const { recorded } = await say(gp, { ...text('She is well.'), ...thread });
    expect(recorded.partOf).toMatchObject([{ reference: `CommunicationRequest/${care.thread.request.id}` }]);
  });
});

describe('an edit in Matrix', () => {
  it('changes the Communication, formatted text and mentions included, again and again', async () => {
    const { eventId, recorded } = await say(pharmacist, text('Two pills'));
    await pharmacist.matrix.send(
      roomId,
      'm.room.message',
      editOf(eventId, html('One pill', '<b>One</b> pill')),
    );
    const once = await recordWhen(eventId, 'the edit', (each) => textOf(each) === 'One pill');
    expect(once.id).toBe(recorded.id);
    expect(xhtmlOf(once)).toBe('<b>One</b> pill');
    const mentions = { 'm.mentions': { user_ids: [gp.matrix.userId] } };
    await pharmacist.matrix.send(roomId, 'm.room.message', editOf(eventId, text('No pill', mentions)));
    const twice = await recordWhen(eventId, 'the second edit', (each) => textOf(each) === 'No pill');
    expect(xhtmlOf(twice)).toBeUndefined();
    expect(twice.recipient).toMatchObject([...(recorded.recipient ?? []), refOf(gp)]);
  });

  it('of a message in a thread leaves it where it is', async () => {
    const { eventId: root } = await say(gp, text('A thread'));
    const { eventId, recorded } = await say(gp, { ...text('in thred'), ...inThread(root, root, true) });
    await gp.matrix.send(roomId, 'm.room.message', editOf(eventId, text('in thread')));
    const edited = await recordWhen(eventId, 'the edit', (each) => textOf(each) === 'in thread');
    expect(edited.partOf).toEqual(recorded.partOf);
    expect(edited.partOf).toHaveLength(2);
  });

  it('that comes again after a later one changes nothing, be it known or forgotten', async () => {
    const { eventId } = await say(nurse, text('first'));
    const early = await nurse.matrix.send(roomId, 'm.room.message', editOf(eventId, text('second')));
    await recordWhen(eventId, 'the early edit', (each) => textOf(each) === 'second');
    await nurse.matrix.send(roomId, 'm.room.message', editOf(eventId, text('third')));
    const after = await recordWhen(eventId, 'the late edit', (each) => textOf(each) === 'third');
    const repeated = await outcome('repeated');
    await bringAgain(await eventOf(early));
    await until('the repetition', async () => (await outcome('repeated')) === repeated + 1);
    await forget(early);
    await bringAgain(await eventOf(early));
    expect((await record(eventId)).meta?.versionId).toBe(after.meta?.versionId);
  });

  it('by somebody else changes nothing, nor does one of what was written in FHIR', async () => {
    const { eventId, recorded } = await say(nurse, text('My words'));
    const { written, seen } = await writeInFhir(care.thread, 'Words of the record');
    await gp.matrix.waitFor('the message', () => gp.matrix.events.find(({ event_id: id }) => id === eventId));
    await gp.matrix.send(roomId, 'm.room.message', editOf(eventId, text('Your words')));
    const last = await gp.matrix.send(roomId, 'm.room.message', editOf(seen[0]!.event_id, text('Mine')));
    await afterwards(last);
    expect((await record(eventId)).meta?.versionId).toBe(recorded.meta?.versionId);
    expect(textOf(await care.network.fhir.read<Communication>('Communication', written.id))).toBe(
      'Words of the record',
    );
  });
});

describe('a redaction in Matrix', () => {
  it('empties the Communication, and no later edit fills it', async () => {
    const { eventId } = await say(gp, html('Wrong room', '<b>Wrong</b> room'));
    await gp.matrix.redact(roomId, eventId, 'oops');
    const emptied = await recordWhen(eventId, 'the redaction', ({ status }) => status === 'entered-in-error');
    expect(emptied.statusReason?.text).toBe('oops');
    expect(emptied).not.toHaveProperty('payload');
    const edit = await gp.matrix.send(roomId, 'm.room.message', editOf(eventId, text('Again')));
    await afterwards(edit);
    expect((await record(eventId)).meta?.versionId).toBe(emptied.meta?.versionId);
  });

  it('of an edit leaves the edited text in the record', async () => {
    const { eventId } = await say(nurse, text('One'));
    const edit = await nurse.matrix.send(roomId, 'm.room.message', editOf(eventId, text('Two')));
    const edited = await recordWhen(eventId, 'the edit', (each) => textOf(each) === 'Two');
    await nurse.matrix.redact(roomId, edit, 'never mind');
    await say(nurse, text('after the redaction of an edit'));
    expect((await record(eventId)).meta?.versionId).toBe(edited.meta?.versionId);
  });
});

describe('a reaction in Matrix', () => {
  it('is kept on the Communication, once for who and what, and goes when it is taken back', async () => {
    const { eventId, recorded } = await say(nurse, text('She slept well.'));
    await gp.matrix.waitFor('the message', () => gp.matrix.events.find(({ event_id: id }) => id === eventId));
    const thumb = await gp.matrix.send(roomId, 'm.reaction', reactionTo(eventId, '👍🏽'));
    await nurse.matrix.send(roomId, 'm.reaction', reactionTo(eventId, '❤️'));
    const ofGp = `Practitioner/${gp.resource.id} 👍🏽`;
    const ofNurse = `Practitioner/${nurse.resource.id} ❤️`;
    const both = await recordWhen(eventId, 'both reactions', (each) => reactionsOf(each).length === 2);
    expect(reactionsOf(both)).toEqual([ofGp, ofNurse].sort());
    expect(both.id).toBe(recorded.id);
    expect(await care.network.fhir.search('Communication', { _id: recorded.id })).toHaveLength(1);

    await forget(thumb);
    await bringAgain(await eventOf(thumb));
    expect(reactionsOf(await record(eventId))).toHaveLength(2);

    await gp.matrix.redact(roomId, thumb, '');
    const one = await recordWhen(eventId, 'one reaction', (each) => reactionsOf(each).length === 1);
    expect(reactionsOf(one)).toEqual([ofNurse]);
    expect(textOf(one)).toBe('She slept well.');
  });

  it('to what was written in FHIR is kept on it as well, and its text is not sent again', async () => {
    const { written, seen } = await writeInFhir(care.thread, 'She ate well.');
    await pharmacist.matrix.send(roomId, 'm.reaction', reactionTo(seen[0]!.event_id, '🎉'));
    const reacted = await until('the reaction', async () => {
      const found = await care.network.fhir.read<Communication>('Communication', written.id);
      return reactionsOf(found).length === 1 && found;
    });
    expect(reactionsOf(reacted)).toEqual([`Practitioner/${pharmacist.resource.id} 🎉`]);
    expect(reacted.meta?.tag ?? []).toEqual([]);
    await writeInFhir(care.thread, 'And drank.');
    const said = (await nurse.matrix.history(roomId)).filter(
      ({ content }) => content.body === 'She ate well.' || content['m.new_content'] !== undefined,
    );
    expect(said.filter(({ sender }) => sender === seen[0]!.sender)).toHaveLength(1);
  });
});

describe('a reaction to the first message of a conversation', () => {
  it('is kept on the CommunicationRequest that said it', async () => {
    const { fhir } = care.network;
    const first = (await nurse.matrix.history(roomId)).find(
      ({ content }) => content.body === 'How is she today?',
    )!;
    await gp.matrix.send(roomId, 'm.reaction', reactionTo(first.event_id, '👀'));
    await until('the reaction', async () => {
      const request = await fhir.read<CommunicationRequest>('CommunicationRequest', care.thread.request.id);
      return reactionsOf(request)[0] === `Practitioner/${gp.resource.id} 👀`;
    });
    await writeInFhir(care.thread, 'Once is enough.');
    const said = (await nurse.matrix.history(roomId)).filter(
      ({ content }) => content.body === 'How is she today?',
    );
    expect(said).toHaveLength(1);
  });
});

describe('content that the record cannot hold', () => {
  const stable = { 'm.text': [{ body: 'Tea or coffee?' }], 'm.poll': {} };
  const unstable = {
    'org.matrix.msc1767.text': 'Tea or coffee?',
    'org.matrix.msc3381.poll.start': { question: { 'org.matrix.msc1767.text': 'Tea?' }, answers: [] },
  };

  it.each([
    ['a sticker', 'm.sticker', { body: 'Cat', url: 'mxc://x/y', info: {} }, 'Cat', 'm.sticker'],
    ['a poll', 'm.poll.start', stable, 'Tea or coffee?', 'm.poll.start'],
    [
      'a poll as clients send it today',
      'org.matrix.msc3381.poll.start',
      unstable,
      'Tea or coffee?',
      'org.matrix.msc3381.poll.start',
    ],
    [
      'a location',
      'm.room.message',
      { msgtype: 'm.location', body: 'Here', geo_uri: 'geo:52,4' },
      'Here',
      'm.location',
    ],
    ['a message of an unknown type', 'm.room.message', { msgtype: 'org.x', body: 'Hm' }, 'Hm', 'org.x'],
  ])('is recorded with a note, and the sender is told: %s', async (_what, type, content, body, kind) => {
    const { eventId, recorded } = await say(gp, content, type);
    expect(textOf(recorded)).toBe(body);
    expect(recorded.note).toEqual([{ text: `Content that could not be recorded: ${kind}` }]);
    await gp.matrix.waitFor('the notice', () => noticeFor(gp, eventId));
  });

  it('is recorded with a note, and the sender is told: a message without a text', async () => {
    const eventId = '$without-body';
    await push({ eventId, where: roomId, sender: gp, content: { msgtype: 'm.text' } });
    const recorded = await record(eventId);
    expect(textOf(recorded)).toBe('(no text)');
    expect(recorded.note).toEqual([{ text: 'Content that could not be recorded: m.text' }]);
    await gp.matrix.waitFor('the notice', () => noticeFor(gp, eventId));
  });

  it('is an encrypted message: recorded as one that could not be read, and the sender is told', async () => {
    const content = { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'AwgAEn', session_id: 's' };
    const { eventId, recorded } = await say(pharmacist, content, 'm.room.encrypted');
    expect(recorded.payload).toEqual([{ contentString: '(could not be read)' }]);
    expect(recorded.note?.[0]?.text).toMatch(/^Could not be read: the message is encrypted/);
    expect(recorded.sender).toEqual(refOf(pharmacist));
    const notice = await pharmacist.matrix.waitFor('the notice', () => noticeFor(pharmacist, eventId));
    expect(notice.content.body).toMatch(/Encrypted messages cannot be read/);
  });

  function noticeFor({ matrix }: Professional, eventId: string): SeenEvent | undefined {
    return matrix.events.find(
      ({ content }) =>
        content.msgtype === 'm.notice' &&
        (content['m.relates_to'] as { 'm.in_reply_to'?: { event_id: string } } | undefined)?.['m.in_reply_to']
          ?.event_id === eventId,
    );
  }
});

describe('what is not for the record', () => {
  it('is typing', async () => {
    const all = () => care.network.fhir.search<Communication>('Communication', {});
    await say(gp, text('before typing'));
    const before = (await all()).length;
    await gp.matrix.typing(roomId);
    await say(gp, text('after typing'));
    expect(await all()).toHaveLength(before + 1);
  });

  it('is what is said to the bot', async () => {
    const { eventId } = await nurse.matrix.say(roomId, '!care help');
    const { recorded } = await say(nurse, text('!careful, she is asleep'));
    expect(textOf(recorded)).toBe('!careful, she is asleep');
    expect(await recordsOf(eventId)).toEqual([]);
    expect(await outcome('bot-command')).toBeGreaterThan(0);
  });

  it('is an event of a Room that is no conversation, and one of somebody who is not in the Room', async () => {
    const content = text('Forged');
    await push({ eventId: '$foreign', where: '!elsewhere:gp.example', sender: gp, content });
    await push({ eventId: '$forged', where: roomId, sender: care.network.physiotherapist, content });
    for (const name of ['foreign-room', 'sender-not-in-room'])
      await until(name, async () => (await outcome(name)) === 1);
    expect([...(await recordsOf('$foreign')), ...(await recordsOf('$forged'))]).toEqual([]);
  });

  it('is what somebody says about a message of another conversation', async () => {
    const { databaseUrl, natsUrl } = care.stack.federation;
    const { eventId, recorded } = await say(nurse, text('Here'));
    const elsewhere =
      "UPDATE message_link SET conversation = 'CommunicationRequest/other' WHERE event_id = $1 RETURNING 1";
    await until(
      'the link',
      async () => (await queryDatabase(databaseUrl, elsewhere, [eventId])).length === 1,
    );
    const about = (type: string, id: string, content: object) =>
      publishTo(natsUrl, `mapping.0.matrix.${type}`, {
        event_id: id,
        room_id: roomId,
        sender: nurse.matrix.userId,
        type,
        origin_server_ts: Date.now(),
        content,
      });
    await about('m.room.message', '$edit', editOf(eventId, text('There')));
    await about('m.reaction', '$reaction', reactionTo(eventId, '👍'));
    await about('m.room.redaction', '$redaction', { redacts: eventId });
    await until('the redaction', async () => (await outcome('nothing-to-redact')) > 0);
    const values = ['$redaction'];
    await until('the redaction to be handled', async () => {
      const rows = await queryDatabase(
        databaseUrl,
        'SELECT 1 FROM handled_event WHERE event_id = $1',
        values,
      );
      return rows.length === 1;
    });
    expect((await record(eventId)).meta?.versionId).toBe(recorded.meta?.versionId);
  });
});
