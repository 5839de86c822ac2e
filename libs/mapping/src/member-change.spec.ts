import { type MemberAction, type MemberChange, judgeMemberChange } from './member-change';

const member: MemberChange = {
  membership: 'leave',
  before: 'join',
  isOwnDoing: true,
  belongs: true,
  isKnown: true,
  isSpace: false,
  master: 'fhir',
};
const outsider: MemberChange = { ...member, membership: 'join', before: 'invite', belongs: false };
const stranger: MemberChange = { ...outsider, isKnown: false };

type Case = [words: string, change: MemberChange, action: MemberAction];

it.each<Case>([
  ['who belongs and leaves', member, 'put-back'],
  ['who belongs and is removed', { ...member, isOwnDoing: false }, 'put-back'],
  ['who belongs and is banned', { ...member, membership: 'ban', isOwnDoing: false }, 'put-back'],
  ['whose invite is withdrawn', { ...member, before: 'invite', isOwnDoing: false }, 'put-back'],
  ['who belongs and is no longer banned', { ...member, before: 'ban', isOwnDoing: false }, 'put-back'],
  ['who belongs and left, from what is not known', { ...member, before: undefined }, 'put-back'],
  ['who declines an invite', { ...member, before: 'invite' }, 'declined'],
  ['who belongs and joins', { ...member, membership: 'join', before: 'invite' }, 'none'],
  ['who belongs and is invited', { ...member, membership: 'invite' }, 'none'],
  ['who belongs and knocks', { ...member, membership: 'knock' }, 'none'],
  ['known, but not here, and joins', outsider, 'put-out'],
  ['known, but not here, and invited', { ...outsider, membership: 'invite' }, 'put-out'],
  ['known, but not here, and leaves', { ...outsider, membership: 'leave' }, 'none'],
  ['known, but not here, and banned', { ...outsider, membership: 'ban' }, 'none'],
  ['unknown and joins', stranger, 'none'],
  ['unknown and leaves', { ...stranger, membership: 'leave' }, 'none'],
])('somebody %s, where FHIR is the master', (_words, change, action) => {
  expect(judgeMemberChange(change)).toBe(action);
  // The Space is judged as a Room is.
  expect(judgeMemberChange({ ...change, isSpace: true })).toBe(action);
  // A single Room changes no care team, whoever is the master.
  expect(judgeMemberChange({ ...change, master: 'matrix' })).toBe(action);
});

it.each<Case>([
  ['who belongs and leaves', member, 'record-leaving'],
  ['who belongs and is removed', { ...member, isOwnDoing: false }, 'record-leaving'],
  ['who belongs and is banned', { ...member, membership: 'ban', isOwnDoing: false }, 'record-leaving'],
  ['who declines an invite', { ...member, before: 'invite' }, 'declined'],
  ['who belongs and joins', { ...member, membership: 'join' }, 'none'],
  ['known, and joins', outsider, 'record-joining'],
  ['known, and invited', { ...outsider, membership: 'invite' }, 'none'],
  ['known, and leaves', { ...outsider, membership: 'leave' }, 'none'],
  ['unknown, and joins', stranger, 'tell-unknown'],
  ['unknown, and invited', { ...stranger, membership: 'invite' }, 'none'],
])('somebody %s, in a Space where Matrix is the master', (_words, change, action) => {
  expect(judgeMemberChange({ ...change, isSpace: true, master: 'matrix' })).toBe(action);
});
