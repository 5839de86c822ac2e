import { UserId } from '@bridge/contracts';
import { CurrentState, Desired, changesNeeded } from './reconcile';

const id = (localpart: string) => UserId.parse(`@${localpart}:care.example`);
const name = { type: 'm.room.name', stateKey: '', content: { name: 'Neutral' } };
const mappingOf = (localpart: string, content: object = { fhirRef: `Practitioner/${localpart}` }) => ({
  type: 'custom.user_mappings',
  stateKey: `${localpart}:care.example`,
  content,
});

const desired: Desired = {
  state: [name, mappingOf('a')],
  members: new Set([id('a')]),
  tolerated: new Set([id('bot')]),
};

function state(type: string, state_key: string, content: Record<string, unknown>): CurrentState {
  return { type, state_key, content };
}
const member = (localpart: string, membership: string) =>
  state('m.room.member', id(localpart), { membership });
const asDesired = [
  state('m.room.create', '', { room_version: '11' }),
  state('m.room.name', '', { name: 'Neutral' }),
  state('custom.user_mappings', 'a:care.example', { fhirRef: 'Practitioner/a' }),
  member('bot', 'join'),
  member('a', 'join'),
];
const nothing = { state: [], invite: [], putOut: new Map(), invited: [], remove: [] };

it('nothing is to be done where everything is as it should be', () => {
  expect(changesNeeded(desired, asDesired)).toEqual(nothing);
});

it('the order of the events and of the keys in them does not matter', () => {
  const content = { a: 1, b: { c: [2], d: 3 } };
  const shuffled = { b: { d: 3, c: [2] }, a: 1 };
  const wanted = { ...desired, state: [...desired.state, { type: 'x', stateKey: '', content }] };
  expect(changesNeeded(wanted, [...asDesired, state('x', '', shuffled)].reverse())).toEqual(nothing);
});

it('an empty room gets everything', () => {
  expect(changesNeeded(desired, [])).toEqual({ ...nothing, state: desired.state, invite: [id('a')] });
});

describe('state', () => {
  it('is written where it differs, and only there', () => {
    const renamed = asDesired.map((event) =>
      event.type === 'm.room.name' ? state('m.room.name', '', { name: 'By hand' }) : event,
    );
    expect(changesNeeded(desired, renamed)).toEqual({ ...nothing, state: [name] });
  });

  it('is told apart by its key', () => {
    const other = [
      ...asDesired.filter(({ type }) => type !== 'm.room.name'),
      state('m.room.name', 'x', { name: 'Neutral' }),
    ];
    expect(changesNeeded(desired, other).state).toEqual([name]);
  });

  it('that should not be there is emptied, and is fine where it never was', () => {
    const wanted = { ...desired, state: [...desired.state, { type: 'x', stateKey: '', content: {} }] };
    expect(changesNeeded(wanted, asDesired)).toEqual(nothing);
    expect(changesNeeded(wanted, [...asDesired, state('x', '', {})])).toEqual(nothing);
    expect(changesNeeded(wanted, [...asDesired, state('x', '', { old: 1 })]).state).toEqual([
      { type: 'x', stateKey: '', content: {} },
    ]);
  });

  it('that nobody asked for is left alone', () => {
    expect(changesNeeded(desired, [...asDesired, state('m.room.topic', '', { topic: 'x' })])).toEqual(
      nothing,
    );
  });

  it('says no longer who somebody is who does not belong any more, and says so once', () => {
    const left = [
      ...asDesired,
      state('custom.user_mappings', 'z:care.example', { fhirRef: 'Practitioner/z' }),
    ];
    expect(changesNeeded(desired, left).state).toEqual([mappingOf('z', {})]);
    const emptied = [...asDesired, state('custom.user_mappings', 'z:care.example', {})];
    expect(changesNeeded(desired, emptied)).toEqual(nothing);
  });
});

describe('members', () => {
  it.each(['leave', 'knock'])('are invited after %s', (membership) => {
    const current = [...asDesired.filter(({ state_key }) => state_key !== id('a')), member('a', membership)];
    expect(changesNeeded(desired, current)).toEqual({ ...nothing, invite: [id('a')] });
  });

  it('are told apart by whether they left or were put out, and when', () => {
    const without = asDesired.filter(({ state_key }) => state_key !== id('a'));
    const gone = (sender: UserId) => ({ ...member('a', 'leave'), sender, origin_server_ts: 1_000 });
    const putOut = changesNeeded(desired, [...without, gone(id('z'))]);
    expect(putOut).toEqual({ ...nothing, invite: [id('a')], putOut: new Map([[id('a'), 1_000]]) });
    expect(changesNeeded(desired, [...without, gone(id('a'))])).toEqual({ ...nothing, invite: [id('a')] });
  });

  it('are not invited again while an invite is open; a ghost among them can still join', () => {
    const current = [...asDesired.filter(({ state_key }) => state_key !== id('a')), member('a', 'invite')];
    expect(changesNeeded(desired, current)).toEqual({ ...nothing, invited: [id('a')] });
  });

  it('who were banned by hand stay out', () => {
    const current = [...asDesired.filter(({ state_key }) => state_key !== id('a')), member('a', 'ban')];
    expect(changesNeeded(desired, current)).toEqual(nothing);
  });

  it.each(['join', 'invite'])('who do not belong are removed after %s', (membership) => {
    expect(changesNeeded(desired, [...asDesired, member('z', membership)])).toEqual({
      ...nothing,
      remove: [id('z')],
    });
  });

  it.each(['leave', 'ban'])('who are out already (%s) are not removed again', (membership) => {
    expect(changesNeeded(desired, [...asDesired, member('z', membership)])).toEqual(nothing);
  });

  it('who are tolerated are neither invited nor removed', () => {
    const withGhost = { ...desired, tolerated: new Set([id('bot'), id('ghost')]) };
    expect(changesNeeded(withGhost, asDesired)).toEqual(nothing);
    expect(changesNeeded(withGhost, [...asDesired, member('ghost', 'join')])).toEqual(nothing);
  });

  it('all leave when nobody belongs any more', () => {
    const emptied = { ...desired, state: [name], members: new Set<UserId>() };
    expect(changesNeeded(emptied, asDesired)).toEqual({
      ...nothing,
      state: [mappingOf('a', {})],
      remove: [id('a')],
    });
  });
});
