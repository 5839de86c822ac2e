import { inviteContextField } from '@bridge/mapping';
import { type StateSeen, withoutInviteContext } from './invite-context';

const context = { [inviteContextField]: { 'room.subject': 'ps-1' } };
const member = (userId: string, more: object): StateSeen => ({
  type: 'm.room.member',
  state_key: userId,
  content: { membership: 'join' },
  ...more,
});
const elsewhere = '@gp:gp.example:8448';
const isShown = (event: StateSeen) =>
  JSON.stringify(withoutInviteContext(event, 'care.example:8448')).includes('ps-1');
const invite = { membership: 'invite', ...context };

it.each([
  ['an invite that waits for its answer', { content: invite }],
  ['an invite that was answered', { unsigned: { prev_content: invite } }],
  ['the same, as older clients see it', { unsigned: { prev_content: invite }, prev_content: invite }],
])('the pseudonym may be in %s', (_what, more) => {
  expect(isShown(member(elsewhere, more))).toBe(false);
});

it.each([
  ['an invite at home', member('@nurse:care.example:8448', { content: invite })],
  ['the state of who has joined', member(elsewhere, { content: { membership: 'join', ...context } })],
  [
    'what a later change replaced',
    member(elsewhere, { unsigned: { prev_content: { membership: 'join', ...context } } }),
  ],
  ['another field of an invite', member(elsewhere, { content: { membership: 'invite', reason: 'ps-1' } })],
  ['another event', { type: 'm.room.name', state_key: '', content: { name: 'ps-1' } }],
])('and is found in %s', (_what, event) => {
  expect(isShown(event)).toBe(true);
});
