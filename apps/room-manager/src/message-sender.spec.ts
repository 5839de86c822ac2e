import { EndToEnd, Metrics } from '@bridge/platform';
import { EventId, FhirRef, MessageOf, RoomId, UserId } from '@bridge/contracts';
import { MatrixRefusal, type RoomEvent, Rooms } from '@bridge/matrix';
import type {
  ConversationStore,
  MessageLink,
  MessageLinkStore,
  Participant,
  ParticipantStore,
} from '@bridge/persistence';
import type { Disclosures } from './disclosures';
import { FileUploader } from './file-uploader';
import type { GhostKeeper } from './ghost-keeper';
import { GhostVoice } from './ghost-voice';
import type { ManagerConfig } from './manager-config';
import { MessageRedactor } from './message-redactor';
import { MessageSender } from './message-sender';
import type { RoomReconciler } from './room-reconciler';
import type { SaidMessages } from './said-messages';

type Message = MessageOf<'command.send-message'>;
interface Sent extends RoomEvent {
  readonly roomId: RoomId;
  readonly transaction: string;
  redactedBy?: UserId;
}

const conversation = FhirRef.parse('CommunicationRequest/c');
const elsewhere = FhirRef.parse('CommunicationRequest/d');
const source = FhirRef.parse('Communication/m');
const [ada, ben] = [FhirRef.parse('Practitioner/ada'), FhirRef.parse('Practitioner/ben')];
const bot = UserId.parse('@bot:x');
const ghostOf = (person: FhirRef) => UserId.parse(`@${person.split('/')[1]}:x`);
const roomOf = (ref: FhirRef) => RoomId.parse(`!${ref.split('/')[1]}`);

function message(version: number, body: string, more: Partial<Message> = {}): Message {
  return {
    conversation,
    source,
    version: String(version),
    versionAt: new Date(version * 1000).toISOString(),
    part: 0,
    parts: [0],
    author: ada,
    content: { msgtype: 'm.text', body },
    ...more,
  };
}

/** A homeserver that remembers transactions, and the rows of message_link. */
class World {
  readonly events: Sent[] = [];
  readonly links = new Map<number, MessageLink>();
  dies: 'after-sending' | undefined;

  private readonly rooms = {
    send: async (send: { roomId: RoomId; as: UserId; transactionId: string; content: object }) => {
      const before = this.events.find(({ transaction }) => transaction === send.transactionId);
      const event = before ?? this.add(send);
      if (this.dies) throw new Error('died');
      return event.event_id;
    },
    event: async (_room: RoomId, id: EventId) => this.events.find(({ event_id: each }) => each === id),
    redact: async ({ eventId, as }: { eventId: EventId; as: UserId }) => {
      const event = this.events.find(({ event_id: each }) => each === eventId)!;
      Object.assign(event, { redactedBy: as, content: {} });
    },
  } as unknown as Rooms;

  private readonly store = {
    ofResource: async () => [...this.links.values()],
    eventOf: async () => undefined,
    reserve: async (reserved: MessageLink) => {
      const before = this.links.get(reserved.part) ?? { contentHash: null, versionAt: null };
      const row = { ...before, ...reserved, direction: 'to-matrix', eventId: null, redacted: false };
      this.links.set(reserved.part, row as MessageLink);
    },
    sent: async ({ part }: MessageLink, eventId: EventId, shown: object) =>
      this.note(part, { eventId, ...shown }),
    shows: async ({ part }: MessageLink, shown: object) => this.note(part, shown),
    tookBack: async ({ part }: MessageLink) => this.note(part, { redacted: true }),
    tookBackAll: async ({ version }: MessageLink, versionAt: Date | null) => {
      const nothing = { fhirRef: source, part: 0, conversation, eventId: null, contentHash: null };
      if (this.links.size === 0)
        this.links.set(0, { ...nothing, direction: 'to-matrix', version, versionAt, redacted: true });
      for (const part of this.links.keys()) this.note(part, { redacted: true, version, versionAt });
    },
  } as unknown as MessageLinkStore;

  readonly sender: MessageSender;
  readonly redactor: MessageRedactor;

  constructor() {
    const participants = {
      find: async (fhirRef: FhirRef) => ({ fhirRef, ghostUserId: ghostOf(fhirRef) }) as Participant,
    } as unknown as ParticipantStore;
    const conversations = {
      find: async (ref: FhirRef) => ({ conversation: ref, roomId: roomOf(ref) }),
    } as unknown as ConversationStore;
    const nothing = async () => {};
    const ghosts = {
      ensure: nothing,
      ensureJoined: nothing,
      ensureDevice: nothing,
    } as unknown as GhostKeeper;
    const files = { contentOf: async ({ content }: Message) => content } as unknown as FileUploader;
    const voice = new GhostVoice(ghosts, this.rooms);
    const config = { bot } as ManagerConfig;
    this.redactor = new MessageRedactor(
      conversations,
      participants,
      this.store,
      ghosts,
      voice,
      this.rooms,
      config,
    );
    this.sender = new MessageSender(
      conversations,
      participants,
      this.store,
      {} as RoomReconciler,
      ghosts,
      voice,
      files,
      this.redactor,
      { tell: async () => {} } as unknown as SaidMessages,
      { ofMessage: (_message, _room, send) => send() } as Disclosures,
      this.rooms,
      new EndToEnd(new Metrics()),
      config,
    );
  }

  /** What a reader sees: the messages with their latest words. */
  shown(ref = conversation): string[] {
    const edits = this.events.filter((event) => relationOf(event)?.rel_type === 'm.replace');
    const inRoom = this.events.filter((event) => event.roomId === roomOf(ref) && !edits.includes(event));
    return inRoom
      .filter(({ redactedBy }) => !redactedBy)
      .map((event) => {
        const edit = edits.findLast((each) => relationOf(each)?.event_id === event.event_id);
        const content = (edit?.content['m.new_content'] ?? event.content) as { body: string };
        return content.body;
      });
  }

  private add(send: { roomId: RoomId; as: UserId; transactionId: string; content: object }): Sent {
    const event = {
      event_id: EventId.parse(`$${this.events.length}`),
      type: 'm.room.message',
      sender: send.as,
      roomId: send.roomId,
      transaction: send.transactionId,
      content: { ...send.content },
      origin_server_ts: this.events.length,
    };
    this.events.push(event);
    return event;
  }

  private note(part: number, facts: object): void {
    this.links.set(part, { ...this.links.get(part)!, ...facts });
  }
}

function relationOf({ content }: RoomEvent) {
  return content['m.relates_to'] as { rel_type?: string; event_id?: string } | undefined;
}

it('a message that is delivered twice is one event, also when its worker died in between', async () => {
  const world = new World();
  world.dies = 'after-sending';
  await expect(world.sender.send(message(1, 'a'))).rejects.toThrow('died');
  world.dies = undefined;
  await world.sender.send(message(1, 'a'));
  await world.sender.send(message(1, 'a'));
  expect(world.events).toHaveLength(1);
});

it('a new version with other words is one edit, also when its worker died in between', async () => {
  const world = new World();
  await world.sender.send(message(1, 'a'));
  world.dies = 'after-sending';
  await expect(world.sender.send(message(2, 'b'))).rejects.toThrow('died');
  world.dies = undefined;
  await world.sender.send(message(2, 'b'));
  await world.sender.send(message(2, 'b'));
  expect(world.events.map(relationOf)).toEqual([undefined, { rel_type: 'm.replace', event_id: '$0' }]);
  expect(world.links.get(0)).toMatchObject({ eventId: '$0', version: '2' });
});

it('a new version with the same words is nothing, and lets no version before it come back', async () => {
  const world = new World();
  for (const [version, body] of [
    [1, 'a'],
    [2, 'b'],
    [4, 'b'],
    [3, 'c'],
  ] as const)
    await world.sender.send(message(version, body));
  expect(world.shown()).toEqual(['b']);
  expect(world.events).toHaveLength(2);
});

it('an older version that comes late changes nothing, also not with parts that are gone since', async () => {
  const world = new World();
  await world.sender.send(message(2, 'new'));
  await world.sender.send(message(1, 'old', { parts: [0, 1] }));
  await world.sender.send(message(1, 'old too', { part: 1, parts: undefined }));
  expect(world.shown()).toEqual(['new']);
});

it('parts come and go with the versions', async () => {
  const world = new World();
  await world.sender.send(message(1, 'a', { parts: [0, 1, 1000] }));
  await world.sender.send(message(1, 'a2', { part: 1000, parts: undefined }));
  await world.sender.send(message(1, 'b', { part: 1, parts: undefined }));
  await world.sender.send(message(2, 'a', { parts: [0, 1] }));
  await world.sender.send(message(2, 'b', { part: 1, parts: undefined }));
  expect(world.shown()).toEqual(['a', 'b']);
  expect(world.events.find(({ redactedBy }) => redactedBy)?.redactedBy).toBe(ghostOf(ada));
  await world.sender.send(message(3, 'a', { parts: [0, 1, 1000] }));
  await world.sender.send(message(3, 'a3', { part: 1000, parts: undefined }));
  expect(world.shown()).toEqual(['a', 'b', 'a3']);
});

it('what changes its author is taken back and said anew: an edit would count for nothing', async () => {
  const world = new World();
  await world.sender.send(message(1, 'a'));
  await world.sender.send(message(2, 'b', { author: ben }));
  expect(world.shown()).toEqual(['b']);
  expect(world.events.map(({ sender }) => sender)).toEqual([ghostOf(ada), ghostOf(ben)]);
  expect(world.events[0]?.redactedBy).toBe(bot);
});

it('what nobody wrote is said, changed and taken back by the bot', async () => {
  const world = new World();
  const unsigned = { author: undefined };
  await world.sender.send(message(1, 'a', unsigned));
  await world.sender.send(message(2, 'b', unsigned));
  expect(world.shown()).toEqual(['b']);
  const { versionAt } = message(3, '');
  await world.redactor.redact({ conversation, source, version: '3', versionAt });
  expect(world.shown()).toEqual([]);
  expect(world.events.map(({ sender }) => sender)).toEqual([bot, bot]);
  expect(world.events[0]?.redactedBy).toBe(bot);
});

it('what moves to another conversation is taken back in the first one', async () => {
  const world = new World();
  await world.sender.send(message(1, 'a'));
  await world.sender.send(message(2, 'a', { conversation: elsewhere }));
  expect([world.shown(), world.shown(elsewhere)]).toEqual([[], ['a']]);
});

describe('what was entered in error', () => {
  const takenBack = (version: number) => {
    const { versionAt } = message(version, '');
    return { conversation, source, version: String(version), versionAt, author: ada };
  };

  it('is gone with all its parts, by its author’s ghost, and no older version brings it back', async () => {
    const world = new World();
    await world.sender.send(message(1, 'a', { parts: [0, 1] }));
    await world.sender.send(message(1, 'b', { part: 1, parts: undefined }));
    await world.redactor.redact(takenBack(3));
    await world.redactor.redact(takenBack(3));
    await world.sender.send(message(2, 'c'));
    expect(world.shown()).toEqual([]);
    expect(world.events.map(({ redactedBy }) => redactedBy)).toEqual([ghostOf(ada), ghostOf(ada)]);
  });

  it('is not said at all where that was known before it came', async () => {
    const world = new World();
    await world.redactor.redact(takenBack(2));
    await world.sender.send(message(1, 'a'));
    expect(world.events).toEqual([]);
  });

  it('stays where a newer version says it again', async () => {
    const world = new World();
    await world.sender.send(message(1, 'a'));
    await world.redactor.redact(takenBack(2));
    await world.sender.send(message(3, 'a'));
    await world.redactor.redact(takenBack(2));
    expect(world.shown()).toEqual(['a']);
  });
});

describe('a ghost that is refused', () => {
  const roomId = roomOf(conversation);
  const author = { ghostUserId: ghostOf(ada) } as Participant;
  const refusal = new MatrixRefusal('M_FORBIDDEN', 403, 'send a message');

  function room(levels: object) {
    const world = { joined: 0, levels, refusals: 0 };
    const rooms = {
      state: async () => [{ type: 'm.room.power_levels', state_key: '', content: world.levels }],
      setState: async (_room: RoomId, _type: string, _key: string, content: object) => {
        world.levels = content;
      },
    } as unknown as Rooms;
    const ghosts = {
      ensureJoined: async () => {},
      join: async () => void (world.joined += 1),
    } as unknown as GhostKeeper;
    const act = (refusals: number) => {
      world.refusals = refusals;
      return new GhostVoice(ghosts, rooms).act(roomId, author, async () => {
        if (world.refusals-- > 0) throw refusal;
        return 'said';
      });
    };
    return { world, act };
  }

  it('comes in first', async () => {
    const { world, act } = room({});
    expect(await act(1)).toBe('said');
    expect(world).toMatchObject({ joined: 1, levels: {} });
  });

  it('is given the level that posting takes, and nobody else is', async () => {
    const { world, act } = room({ events_default: 101, state_default: 75, users: { '@n:x': 100 } });
    expect(await act(2)).toBe('said');
    expect(world.levels).toEqual({
      events_default: 101,
      state_default: 75,
      users: { '@n:x': 100, [author.ghostUserId]: 101 },
    });
  });

  it('and has the level already, is kept out for another reason, which is told', async () => {
    const { act } = room({ events_default: 25, users: { [author.ghostUserId]: 50 } });
    await expect(act(9)).rejects.toBe(refusal);
  });
});
