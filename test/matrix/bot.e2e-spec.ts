import type { CareTeam, Communication } from '@medplum/fhirtypes';
import { urlOf } from '../../deploy/local/src/bridge';
import { participant, roles } from '../../deploy/local/src/example-data';
import { MatrixUser } from '../../deploy/local/src/matrix-user';
import { sayInMatrix } from '../../deploy/local/src/scenario/play';
import { until } from '../../deploy/local/src/until';
import { answersTo, ask, reasonOfLeaving } from '../support/bot-talk';
import { type CareConversation, startCareConversation } from '../support/care-conversation';
import { queryDatabase } from '../support/database';
import { deadLetterKinds } from '../support/queue-evidence';
import { outcomeOfSteps, step } from '../support/step';

/*
 * The bot, as people on three homeservers talk to it: the GP (huisarts) and the pharmacist (apotheek) may use it, the
 * nurse (vvt) is an administrator, the physiotherapist (vvt) may do nothing. All four are in the care team.
 */

let care: CareConversation;
let nurse: MatrixUser;
let gp: MatrixUser;
let pharmacist: MatrixUser;
let physiotherapist: MatrixUser;
let bot: string;
const people: MatrixUser[] = [];

beforeAll(async () => {
  care = await startCareConversation({
    settings: ({ vvt, apotheek, huisarts }) => ({
      FHIR_DUE_INTERVAL_MS: '500',
      BOT_PERMISSIONS: [
        '*=none',
        ...[vvt, apotheek, huisarts].map(({ serverName }) => `${serverName}=user`),
        `@s.visser:${vvt.serverName}=admin`,
        `@t.hofstra:${vvt.serverName}=none`,
        `@blocked:${apotheek.serverName}=none`,
      ].join(','),
    }),
  });
  const { network, thread, stack } = care;
  nurse = network.nurse.matrix;
  gp = network.gp.matrix;
  pharmacist = network.pharmacist.matrix;
  physiotherapist = network.physiotherapist.matrix;
  bot = `@_fhir_bridge_bot:${stack.environment.serverName}`;
  const newcomer = participant(`Practitioner/${network.physiotherapist.resource.id}`, roles.physiotherapist);
  await network.fhir.update<CareTeam>({
    ...thread.team,
    participant: [...(thread.team.participant ?? []), newcomer],
  });
  await physiotherapist.accept(thread.roomId);
}, 180_000);

afterAll(async () => {
  await Promise.all(people.map((person) => person.stop()));
  await care?.stop(outcomeOfSteps());
}, 30_000);

async function person(organisation: 'vvt' | 'apotheek' | 'huisarts', localpart: string): Promise<MatrixUser> {
  const { clientUrl, registerUser } = care.stack.federation.homeservers[organisation];
  const matrix = new MatrixUser(clientUrl, await registerUser(localpart, 'try-me-locally', localpart));
  people.push(matrix);
  await matrix.start();
  return matrix;
}

/** A direct chat with the bot, after its greeting. */
async function directChat(who: MatrixUser, more: object = { is_direct: true }) {
  const roomId = await who.createRoom([bot], more);
  const greeting = await who.waitFor('the greeting', () =>
    who.events.find(
      ({ room_id, sender, type }) => room_id === roomId && sender === bot && type === 'm.room.message',
    ),
  );
  return { roomId, greeting: String(greeting.content.body) };
}

const rows = (query: string, ...values: string[]) =>
  queryDatabase(care.stack.federation.databaseUrl, query, values);

describe('in a Room', () => {
  step('help lists what somebody may do, and more for an administrator', async () => {
    const { roomId } = care.thread;
    const { answer, body } = await ask(gp, roomId, '!care help');
    expect(answer.sender).toBe(bot);
    expect(answer.content.msgtype).toBe('m.notice');
    const commands = ['help', 'status', 'whoami', 'members', 'new', 'archive', 'resend', 'language'];
    for (const command of commands) expect(body).toContain(`!care ${command}`);
    expect(body).not.toContain('!care link');
    expect(answer.content.formatted_body).toContain('<code>!care new &lt;topic&gt;</code>');
    const { body: all } = await ask(nurse, roomId, '!CARE');
    for (const command of [...commands, 'link', 'unlink', 'resync'])
      expect(all).toContain(`!care ${command}`);
  });

  step('whoami tells people on three homeservers how the record knows them', async () => {
    const { network, thread } = care;
    const expected: [MatrixUser, string, string, string][] = [
      [nurse, network.nurse.resource.id, 'leads the care team', 'administrator'],
      [gp, network.gp.resource.id, 'professional', 'user'],
      [pharmacist, network.pharmacist.resource.id, 'professional', 'user'],
    ];
    for (const [who, id, role, permission] of expected) {
      const { body } = await ask(who, thread.roomId, '!care whoami');
      expect(body.split('\n')).toEqual([
        `You are ${who.userId}.`,
        `- In the record: Practitioner/${id} (${role})`,
        `- Permission: ${permission}`,
        '- Language: English',
      ]);
    }
  });

  step('status tells what the Room is in the record, and how the bridge is doing', async () => {
    const { roomId, request, team } = care.thread;
    const { body } = await ask(pharmacist, roomId, '!care status');
    expect(body).toContain(`This is CommunicationRequest/${request.id} in the record.`);
    expect(body).toContain(`Care team: CareTeam/${team.id}`);
    expect(body).toContain('- Open\n');
    expect(body).toContain('Messages that are not in the record yet: 0');
    expect(body).toMatch(/Last message kept in step: \d{4}-\d{2}-\d{2}T/);
    expect(body).toContain('The record answers.');
    expect(body).toMatch(/Changes waiting to be worked on: \d+/);
  });

  step('members tells who belongs here, under the names that the Room shows', async () => {
    const { body } = await ask(gp, care.thread.roomId, '!care members');
    expect(body).toContain('- Sanne Visser: leads the care team, own account');
    expect(body).toContain('- Dr. Yasmina Alami: professional, own account');
    expect(body).toMatch(/- Ruben de Wit.*: related person, in the record, shown by the bridge/);
    expect(body).not.toContain(bot);
  });

  step('an unknown command is answered with a hint, a wrong one with how it is said', async () => {
    const { roomId } = care.thread;
    expect((await ask(gp, roomId, '!care dance')).body).toBe(
      'I do not know that. Say `!care help` to see what I can do.',
    );
    expect((await ask(gp, roomId, '!care language fr')).body).toBe(
      'Please say it like this: `!care language nl|en|de`',
    );
    expect((await ask(gp, roomId, '!care new')).body).toBe('Please say it like this: `!care new <topic>`');
    expect((await ask(gp, roomId, '!care status please')).body).toBe(
      'Please say it like this: `!care status`',
    );
  });

  step('the answer to a command in a thread is in the thread', async () => {
    const { roomId } = care.thread;
    const { eventId: root } = await sayInMatrix(care.thread, care.network.gp, 'About the bandages.');
    const thread = { 'm.relates_to': { rel_type: 'm.thread', event_id: root, is_falling_back: true } };
    const { eventId, answer } = await ask(gp, roomId, '!care whoami', thread);
    expect(answer.content['m.relates_to']).toEqual({
      rel_type: 'm.thread',
      event_id: root,
      is_falling_back: false,
      'm.in_reply_to': { event_id: eventId },
    });
  });

  step('the bot speaks Dutch, German or English, as each person has chosen', async () => {
    const { roomId } = care.thread;
    expect((await ask(gp, roomId, '!care language DE')).body).toBe('Ab jetzt spreche ich Deutsch mit Ihnen.');
    expect((await ask(pharmacist, roomId, '!care language nl')).body).toBe(
      'Vanaf nu spreek ik Nederlands met u.',
    );
    expect((await ask(gp, roomId, '!care whoami')).body).toContain('Sprache: Deutsch');
    expect((await ask(pharmacist, roomId, '!care whoami')).body).toContain('Taal: Nederlands');
    expect((await ask(nurse, roomId, '!care whoami')).body).toContain('Language: English');
    const { body } = await ask(gp, roomId, '!care language en');
    expect(body).toBe('From now on I speak English with you.');
  });

  step('who may not use the bot is told so once', async () => {
    const { roomId } = care.thread;
    const refused = await ask(physiotherapist, roomId, '!care help');
    expect(refused.body).toContain('you may not use me');
    const { eventId } = await physiotherapist.say(roomId, '!care status');
    // What comes after it in the same Room has been answered: so this one is not going to be.
    await ask(gp, roomId, '!care whoami');
    await physiotherapist.waitFor('the answer to the GP', () =>
      physiotherapist.events.find(({ content }) => String(content.body).startsWith(`You are ${gp.userId}`)),
    );
    expect(answersTo(physiotherapist, eventId)).toEqual([]);
  });

  step('link, unlink and resync are for administrators', async () => {
    const { thread, network } = care;
    for (const command of [`link RelatedPerson/${network.carer.id}`, 'unlink Practitioner/1', 'resync']) {
      const { body } = await ask(gp, thread.roomId, `!care ${command}`);
      expect(body).toBe('Only administrators of the bridge may do that.');
    }
    expect(await rows('SELECT 1 FROM account_override')).toEqual([]);
  });

  step('link gives a person of the record an account, and unlink takes it away again', async () => {
    const { thread, network } = care;
    const ruben = await person('vvt', 'r.dewit');
    const reference = `RelatedPerson/${network.carer.id}`;
    const { body } = await ask(nurse, thread.roomId, `!care link ${reference} "${ruben.userId}"`);
    expect(body).toBe(`${reference} now has the account ${ruben.userId}.`);
    await ruben.waitForInvite(thread.spaceId);
    await ruben.accept(thread.roomId);
    expect((await ask(ruben, thread.roomId, '!care whoami')).body).toContain(`${reference} (related person)`);
    expect((await ask(nurse, thread.roomId, `!care unlink ${reference}`)).body).toContain(reference);
    await ruben.waitFor('the removal', () => ruben.left.has(thread.roomId));
  });

  step('link refuses what is no person, nobody it knows, and no account', async () => {
    const { roomId } = care.thread;
    const known = `Practitioner/${care.network.gp.resource.id}`;
    const said = async (command: string) => (await ask(nurse, roomId, `!care ${command}`)).body;
    expect(await said('link Organization/1')).toContain('not the reference of a person');
    expect(await said('link Practitioner/nobody')).toContain('I do not know that person');
    expect(await said(`link ${known} sanne`)).toContain('not the Matrix account of a person');
    expect(await said(`link ${known} ${bot}`)).toContain('not the Matrix account of a person');
    expect(await said('unlink CareTeam/1')).toContain('not the reference of a person');
    expect(await rows('SELECT 1 FROM account_override')).toEqual([]);
  });

  step('resend offers a message to the record once more: by link, by id, or in reply to it', async () => {
    const { roomId } = care.thread;
    const { eventId } = await sayInMatrix(care.thread, care.network.gp, 'The wound is closed.');
    const link = `https://matrix.to/#/${encodeURIComponent(roomId)}/${encodeURIComponent(eventId)}?via=x`;
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: eventId } } };
    const ways: [MatrixUser, string, object][] = [
      [gp, `!care resend ${link}`, {}],
      [nurse, `!care resend ${eventId}`, {}],
      [gp, '!care resend', reply],
    ];
    for (const [who, command, more] of ways) {
      // As if the bridge had lost what it knew of it. The record has it once, however often it is offered.
      await until('the row of the message', async () => {
        return (await rows('DELETE FROM message_link WHERE event_id = $1 RETURNING 1', eventId)).length === 1;
      });
      expect((await ask(who, roomId, command, more)).body).toBe('I have offered it to the record once more.');
      await until('the row of the message', async () => {
        return (await rows('SELECT 1 FROM message_link WHERE event_id = $1', eventId)).length === 1;
      });
    }
    const identifier = `https://matrix.org/event-id|${eventId}`;
    expect(await care.network.fhir.search<Communication>('Communication', { identifier })).toHaveLength(1);
  });

  step("resend refuses others' messages, what is not there, and what is nothing to record", async () => {
    const { roomId } = care.thread;
    const { eventId } = await sayInMatrix(care.thread, care.network.nurse, 'Mine alone.');
    const { answer } = await ask(gp, roomId, `!care resend ${eventId}`);
    expect(answer.content.body).toBe('You can do that with your own messages only.');
    expect((await ask(gp, roomId, '!care resend $nothing')).body).toBe(
      'I cannot find that message in this room.',
    );
    expect((await ask(gp, roomId, '!care resend')).body).toContain('!care resend <event>');
    const ofTheBot = await ask(nurse, roomId, `!care resend ${answer.event_id}`);
    expect(ofTheBot.body).toBe('That is nothing that the record holds.');
  });

  step('resync has the Room compared with what arrived', async () => {
    const { stack, thread } = care;
    const queued = async () => {
      const metrics = await fetch(`${urlOf('room-manager', stack.environment)}/metrics`).then((answer) =>
        answer.text(),
      );
      return /bridge_queue_published_total\{kind="command.resync-room",duplicate="false"\} [1-9]/.test(
        metrics,
      );
    };
    expect((await ask(nurse, thread.roomId, '!care resync')).body).toContain('never reached the record');
    expect(await queued()).toBe(true);
  });
});

describe('in a Space', () => {
  step('status and members tell of the care team', async () => {
    const { spaceId, team } = care.thread;
    const { body } = await ask(nurse, spaceId, '!care status');
    expect(body).toContain(`This is CareTeam/${team.id} in the record.`);
    expect((await ask(nurse, spaceId, '!care members')).body).toContain('leads the care team, own account');
    expect((await ask(nurse, spaceId, '!care archive')).body).toBe(
      'Please say that in a conversation of a care team.',
    );
  });
});

describe('in a direct chat', () => {
  step('the bot greets, and answers without its prefix, on every homeserver', async () => {
    for (const who of [nurse, gp, pharmacist]) {
      const { roomId, greeting } = await directChat(who);
      expect(greeting).toContain('!care help');
      const { body } = await ask(who, roomId, 'Status.');
      expect(body).toContain(`CareTeam/${care.thread.team.id}`);
      expect((await ask(who, roomId, '!care whoami')).body).toContain(who.userId);
      expect((await ask(who, roomId, 'help')).body).toContain('!care new');
      expect((await ask(who, roomId, 'Hello, who are you?')).body).toContain('!care help');
      for (const command of ['members', 'archive', 'resend $x'])
        expect((await ask(who, roomId, command)).body).not.toContain('!care');
    }
  });

  step('is one for anybody who is alone with the bot, whatever their client calls it', async () => {
    const { roomId, greeting } = await directChat(await person('huisarts', 'c.quiet'), {});
    expect(greeting).toContain('!care help');
    expect(await rows('SELECT 1 FROM direct_chat WHERE room_id = $1', roomId)).toHaveLength(1);
  });

  step('somebody whom the record does not know is told so, and opens nothing', async () => {
    const stranger = await person('apotheek', 'stranger');
    const { roomId } = await directChat(stranger);
    expect((await ask(stranger, roomId, 'whoami')).body).toContain(
      'The record does not know your account here.',
    );
    const { body } = await ask(stranger, roomId, 'new Let me in');
    expect(body).toBe('The record does not know you as a member of this care team.');
  });

  step('an encrypted one is told of, since the bot cannot read it', async () => {
    const encryption = {
      type: 'm.room.encryption',
      state_key: '',
      content: { algorithm: 'm.megolm.v1.aes-sha2' },
    };
    const { greeting } = await directChat(gp, { is_direct: true, initial_state: [encryption] });
    expect(greeting).toContain('I cannot read encrypted messages.');
  });

  step('ends when the bot is removed, and begins again with the next invite', async () => {
    const { roomId } = await directChat(gp);
    await gp.kick(roomId, bot);
    await until('the end of the chat', async () => {
      return (await rows('SELECT 1 FROM direct_chat WHERE room_id = $1', roomId)).length === 0;
    });
    await gp.invite(roomId, bot);
    await until('the new chat', async () => {
      return (await rows('SELECT 1 FROM direct_chat WHERE room_id = $1', roomId)).length === 1;
    });
    expect((await ask(gp, roomId, 'whoami')).body).toContain(gp.userId);
  });

  step('ends when its person leaves: the bot stays in no empty room', async () => {
    const { roomId } = await directChat(nurse);
    await nurse.leave(roomId);
    await until('the end of the chat', async () => {
      return (await rows('SELECT 1 FROM direct_chat WHERE room_id = $1', roomId)).length === 0;
    });
  });
});

describe('what the bot declines, with a reason and nothing recorded', () => {
  step('an invite by somebody who may not use it', async () => {
    const blocked = await person('apotheek', 'blocked');
    const roomId = await blocked.createRoom([bot], { is_direct: true });
    expect(await reasonOfLeaving(blocked, roomId, bot)).toBe(
      'You may not use this bridge. Please ask the administrator of the care organisation.',
    );
  });

  step('an invite into a room outside any care team, in the language of who invites', async () => {
    const roomId = await pharmacist.createRoom([gp.userId]);
    await gp.accept(roomId);
    await pharmacist.invite(roomId, bot);
    expect(await reasonOfLeaving(pharmacist, roomId, bot)).toContain('Deze kamer hoort bij geen zorgteam');
    await gp.say(roomId, 'Said among ourselves.');
    await sayInMatrix(care.thread, care.network.gp, 'Said for the record.');
    expect(await rows('SELECT 1 FROM direct_chat WHERE room_id = $1', roomId)).toEqual([]);
  });

  step('an invite of a ghost into a room outside its conversations', async () => {
    const [carer] = await rows(
      'SELECT ghost_user_id FROM participant WHERE fhir_ref = $1',
      `RelatedPerson/${care.network.carer.id}`,
    );
    const ghost = String(carer!.ghost_user_id);
    const roomId = await gp.createRoom([ghost]);
    expect(await reasonOfLeaving(gp, roomId, ghost)).toContain('conversations of their own care teams only');
  });
});

describe('the record', () => {
  step('holds no command, and nothing that was said in a direct chat or a declined room', async () => {
    const { recorded } = await sayInMatrix(care.thread, care.network.gp, 'The last word.');
    const all = await care.network.fhir.search<Communication>('Communication', {});
    const texts = all.map(({ payload }) => payload?.[0]?.contentString);
    expect(texts).toContain(recorded.payload?.[0]?.contentString);
    const said = [gp, nurse, pharmacist, physiotherapist, ...people]
      .flatMap(({ events }) => events)
      .filter(({ type, room_id: roomId, content }) => {
        const isCommand = String(content.body).toLowerCase().startsWith('!care');
        const isElsewhere = roomId !== care.thread.roomId;
        return type === 'm.room.message' && content.msgtype === 'm.text' && (isCommand || isElsewhere);
      })
      .map(({ content }) => content.body);
    expect(said.length).toBeGreaterThan(30);
    expect(texts.filter((text) => said.includes(text))).toEqual([]);
  });

  step('and the dead letters are empty after all of this', async () => {
    expect(await deadLetterKinds(care.stack.federation.natsUrl)).toEqual([]);
  });
});
