import { FhirRef, RoomId, UserId } from '@bridge/contracts';
import {
  ContainerMember,
  RoomInput,
  SpaceInput,
  StateEvent,
  creation,
  isAbsent,
  roomState,
  spaceChild,
  spaceState,
} from './container-state';
import { powerOfMaker } from './power-in-room';

const bot = UserId.parse('@_fhir_bridge_bot:care.example');
const space = RoomId.parse('!space:care.example');
const doctor: ContainerMember = {
  userId: UserId.parse('@doctor:gp.example'),
  role: 'lead',
  mapping: { fhirRef: FhirRef.parse('Practitioner/d'), uziNr: '1' },
};
const common = {
  levels: { lead: 100, professional: 75, 'related-person': 50, patient: 25 },
  bot,
  power: powerOfMaker(bot, '11'),
  organisation: 'Care Example',
  serverName: 'care.example',
  channel: '_fhir_bridge_0f',
  members: [doctor],
};
const spaceInput: SpaceInput = { ...common, language: 'en', conversations: [] };
const room: RoomInput = {
  ...common,
  name: 'Conversation · 2026-03-10',
  open: true,
  historyVisibility: 'invited',
  space,
  formerSpaces: [],
  retentionDays: undefined,
};

function contentOf(state: readonly StateEvent[], type: string, stateKey = ''): object | undefined {
  return state.find((event) => event.type === type && event.stateKey === stateKey)?.content;
}

describe.each([
  ['Space', spaceState(spaceInput)],
  ['Room', roomState(room)],
])('the state of a %s', (_kind, state) => {
  it('lets in who is invited, and no guest', () => {
    expect(contentOf(state, 'm.room.join_rules')).toEqual({ join_rule: 'invite' });
    expect(contentOf(state, 'm.room.guest_access')).toEqual({ guest_access: 'forbidden' });
  });

  it('says who is who under the Matrix id without its @, which would belong to that user alone', () => {
    expect(contentOf(state, 'custom.user_mappings', 'doctor:gp.example')).toEqual({
      fhirRef: 'Practitioner/d',
      uziNr: '1',
    });
    expect(state.some(({ stateKey }) => stateKey.startsWith('@'))).toBe(false);
  });

  it('holds each key once', () => {
    const keys = state.map(({ type, stateKey }) => `${type} ${stateKey}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('gives levels to members and bot', () => {
    expect(contentOf(state, 'm.room.power_levels')).toMatchObject({
      users: { '@doctor:gp.example': 100, [bot]: 102 },
    });
  });

  it('has no topic, avatar or canonical alias, which every server would see', () => {
    const shown = ['m.room.topic', 'm.room.avatar', 'm.room.canonical_alias'];
    expect(state.filter(({ type }) => shown.includes(type))).toEqual([]);
  });
});

it('a Space is named after the organisation, and shows its history to who has joined', () => {
  const state = spaceState(spaceInput);
  expect(contentOf(state, 'm.room.name')).toEqual({ name: 'Care team · Care Example' });
  expect(contentOf(state, 'm.room.history_visibility')).toEqual({ history_visibility: 'joined' });
});

it.each([
  ['nl', 'Zorgteam · Care Example'],
  ['de', 'Behandlungsteam · Care Example'],
] as const)('a Space is named in the configured language: %s', (language, name) => {
  expect(contentOf(spaceState({ ...spaceInput, language }), 'm.room.name')).toEqual({ name });
});

it('a Space has the Rooms of its conversations as children, and those that they had before no more', () => {
  const [now, before] = [RoomId.parse('!now'), RoomId.parse('!before')];
  const conversations = [
    { roomId: now, formerRoomIds: [before] },
    { roomId: null, formerRoomIds: [] },
  ];
  const children = spaceState({ ...spaceInput, conversations }).filter(
    ({ type }) => type === 'm.space.child',
  );
  expect(children).toEqual([
    { type: 'm.space.child', stateKey: now, content: { via: ['care.example'] } },
    { type: 'm.space.child', stateKey: before, content: {} },
  ]);
});

it.each(['m.bridge', 'uk.half-shot.bridge'])('Space and Room say what they are bridged to: %s', (type) => {
  for (const state of [spaceState(spaceInput), roomState(room)]) {
    expect(contentOf(state, type, 'fhir://care.example/_fhir_bridge_0f')).toEqual({
      bridgebot: bot,
      protocol: { id: 'fhir', displayname: 'FHIR' },
      network: { id: 'care.example', displayname: 'Care Example' },
      channel: { id: '_fhir_bridge_0f' },
    });
  }
});

describe('a Room', () => {
  it.each(['joined', 'invited'] as const)('shows its history as configured: %s', (historyVisibility) => {
    expect(contentOf(roomState({ ...room, historyVisibility }), 'm.room.history_visibility')).toEqual({
      history_visibility: historyVisibility,
    });
  });

  it('is linked into its Space in both directions', () => {
    expect(contentOf(roomState(room), 'm.space.parent', space)).toEqual({
      via: ['care.example'],
      canonical: true,
    });
    const roomId = RoomId.parse('!room');
    expect(spaceChild(roomId, 'care.example')).toEqual({
      type: 'm.space.child',
      stateKey: '!room',
      content: { via: ['care.example'] },
    });
  });

  it('has no parent where it belongs to no Space', () => {
    expect(roomState({ ...room, space: null }).some(({ type }) => type === 'm.space.parent')).toBe(false);
  });

  it('leaves a parent that it had before', () => {
    const former = RoomId.parse('!former');
    expect(contentOf(roomState({ ...room, formerSpaces: [former] }), 'm.space.parent', former)).toEqual({});
  });

  it('keeps the name that somebody gave it where it is not the bridge’s to name', () => {
    expect(contentOf(roomState({ ...room, name: null }), 'm.room.name')).toBeUndefined();
  });

  it('says how long its messages are kept, or takes that back', () => {
    expect(contentOf(roomState({ ...room, retentionDays: 2 }), 'm.room.retention')).toEqual({
      max_lifetime: 172_800_000,
    });
    expect(contentOf(roomState(room), 'm.room.retention')).toEqual({});
    const made = roomState(room).filter(({ content }) => isAbsent(content));
    expect(made.map(({ type }) => type)).toEqual(['m.room.retention']);
  });

  it('is closed by its power levels', () => {
    const levelOf = (open: boolean) =>
      (contentOf(roomState({ ...room, open }), 'm.room.power_levels') as { events_default: number })
        .events_default;
    expect(levelOf(true)).toBe(25);
    expect(levelOf(false)).toBe(101);
  });
});

describe('the creation of a Space or Room', () => {
  const place = {
    kind: 'room',
    aliasLocalpart: '_fhir_bridge_0f',
    roomVersion: '11',
    federate: true,
  } as const;
  const made = creation({ ...place, state: roomState(room) });

  it('is private, under its reserved alias, in the version that its levels are made for', () => {
    expect(made).toMatchObject({
      room_alias_name: '_fhir_bridge_0f',
      visibility: 'private',
      preset: 'private_chat',
      room_version: '11',
      creation_content: { 'm.federate': true },
    });
    const space = creation({ ...place, kind: 'space', federate: false, state: [] });
    expect(space.creation_content).toEqual({ type: 'm.space', 'm.federate': false });
  });

  it('invites nobody: a failing invite would hide that the room exists', () => {
    expect(made).not.toHaveProperty('invite');
    expect(made).not.toHaveProperty('invite_3pid');
  });

  it('holds the whole state, the levels in their own place', () => {
    expect(made.power_level_content_override).toEqual(contentOf(roomState(room), 'm.room.power_levels'));
    expect(made.initial_state.map(({ type, state_key }) => `${type} ${state_key}`)).toEqual([
      'm.room.join_rules ',
      'm.room.history_visibility ',
      'm.room.guest_access ',
      'm.room.name ',
      'm.bridge fhir://care.example/_fhir_bridge_0f',
      'uk.half-shot.bridge fhir://care.example/_fhir_bridge_0f',
      `m.space.parent ${space}`,
      'custom.user_mappings doctor:gp.example',
    ]);
  });
});
