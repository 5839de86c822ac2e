import { MatrixEvent } from '@bridge/contracts';
import { mentionedUsers, replyTarget, threadRoot } from './message-relations';

function said(content: Record<string, unknown>): MatrixEvent {
  return MatrixEvent.parse({
    event_id: '$event',
    room_id: '!room:care.example',
    sender: '@ada:gp.example',
    type: 'm.room.message',
    origin_server_ts: 1,
    content,
  });
}

const text = (body: string, more: object = {}) => said({ msgtype: 'm.text', body, ...more });
const repliesTo = (event_id: string, more: object = {}) => ({
  'm.relates_to': { 'm.in_reply_to': { event_id }, ...more },
});

describe('what a message replies to', () => {
  it('is the event of a rich reply', () => {
    expect(replyTarget(text('x', repliesTo('$target')))).toBe('$target');
  });

  it('is the event of a reply within a thread', () => {
    const inThread = { rel_type: 'm.thread', event_id: '$root', is_falling_back: false };
    expect(replyTarget(text('x', repliesTo('$target', inThread)))).toBe('$target');
  });

  it.each([
    ['a thread, whose reply is for older clients only', repliesTo('$last', { is_falling_back: true })],
    ['no relation', {}],
    ['another relation', { 'm.relates_to': { rel_type: 'm.reference', event_id: '$e' } }],
    ['no event id', repliesTo('target')],
    ['no object', { 'm.relates_to': 'x' }],
    ['null', { 'm.relates_to': null }],
    ['a reply to null', { 'm.relates_to': { 'm.in_reply_to': null } }],
  ])('is nothing with %s', (_words, more) => {
    expect(replyTarget(text('x', more))).toBeUndefined();
  });
});

describe('the thread of a message', () => {
  it.each([true, false])('is named by its root, be the reply a fallback (%s) or not', (is_falling_back) => {
    const relation = { rel_type: 'm.thread', event_id: '$root', is_falling_back };
    expect(threadRoot(text('x', repliesTo('$last', relation)))).toBe('$root');
  });

  it.each([
    ['a reply', repliesTo('$target')],
    ['an edit', { 'm.relates_to': { rel_type: 'm.replace', event_id: '$e' } }],
    ['a thread without root', { 'm.relates_to': { rel_type: 'm.thread' } }],
    ['nothing', {}],
  ])('is none with %s', (_words, more) => {
    expect(threadRoot(text('x', more))).toBeUndefined();
  });
});

describe('whom a message mentions', () => {
  const mentions = (value: unknown) => mentionedUsers(text('x', { 'm.mentions': value }));

  it('is everybody named, once, and nobody for the whole room', () => {
    expect(mentions({ user_ids: ['@a:x', '@b:y', '@a:x'], room: true })).toEqual(['@a:x', '@b:y']);
    expect(mentions({ room: true })).toEqual([]);
  });

  it.each([
    undefined,
    null,
    'x',
    {},
    { user_ids: 7 },
    { user_ids: { 0: '@a:x' } },
    { user_ids: [7, 'a', null] },
  ])('is nobody where nobody can be read: %j', (value) => {
    expect(mentions(value)).toEqual([]);
  });

  it('is no more than a hundred', () => {
    const userIds = Array.from({ length: 1000 }, (_, index) => `@u${index}:x`);
    expect(mentions({ user_ids: userIds })).toHaveLength(100);
  });
});
