import { EventId } from '@bridge/contracts';
import { contentHash, isOutdated, latest, replacement } from './message-change';

const original = EventId.parse('$first');
const text = (body: string) => ({ msgtype: 'm.text', body });

describe('what a message says', () => {
  it('is the same whatever it mentions and answers, and in whatever order it is written', () => {
    const relation = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$e' } } };
    const mentions = { 'm.mentions': { user_ids: ['@a:x'] } };
    const one = contentHash({ msgtype: 'm.text', body: 'a' });
    expect(contentHash({ body: 'a', msgtype: 'm.text', ...relation, ...mentions })).toBe(one);
  });

  it.each([
    { msgtype: 'm.text', body: 'b' },
    { msgtype: 'm.notice', body: 'a' },
    { msgtype: 'm.text', body: 'a', formatted_body: '<b>a</b>' },
  ])('changes with its words, its kind and its form: %j', (content) => {
    expect(contentHash(content)).not.toBe(contentHash(text('a')));
  });

  it('changes with its file', () => {
    const hashes = [undefined, { hash: '1' }, { hash: '2' }, { url: 'Binary/1' }].map((file) =>
      contentHash(text('a'), file),
    );
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('an edit', () => {
  it('puts the new content in the place of the first, and shows it with a star to clients that know no edits', () => {
    const formatted = { format: 'org.matrix.custom.html', formatted_body: '<b>two</b>' };
    const content = { ...text('two'), ...formatted, 'm.mentions': { user_ids: ['@a:x'] } };
    expect(replacement(content, original)).toEqual({
      ...formatted,
      msgtype: 'm.text',
      body: '* two',
      formatted_body: '* <b>two</b>',
      'm.new_content': content,
      'm.mentions': {},
      'm.relates_to': { rel_type: 'm.replace', event_id: original },
    });
  });

  it('has no relation in its new content: the first one stays', () => {
    const content = { ...text('two'), 'm.relates_to': { 'm.in_reply_to': { event_id: '$e' } } };
    expect(replacement(content, original)['m.new_content']).toEqual(text('two'));
  });

  it('of a long text fits into an event, and holds all of it once', () => {
    const long = '😀'.repeat(14_000);
    const edit = replacement(text(long), original);
    expect(Buffer.byteLength(JSON.stringify(edit))).toBeLessThan(58 * 1024);
    expect(edit['m.new_content']).toEqual(text(long));
    expect(edit.body).toMatch(/^\* (?:😀){200} …$/u);
  });
});

describe('a version', () => {
  const at = (version: string, second: number | null) => ({
    version,
    versionAt: second === null ? null : new Date(second * 1000),
  });

  it.each([
    [at('1', 1), at('2', 2), true],
    [at('2', 2), at('1', 1), false],
    [at('2', 1), at('1', 2), true],
    [at('1', 1), at('1', 1), false],
    [at('9', 1), at('10', 1), true],
    [at('10', 1), at('9', 1), false],
    [at('a', 1), at('b', 1), false],
    [at('1', null), at('2', 2), false],
    [at('1', 1), at('2', null), false],
  ])('%j beside %j is outdated: %s', (one, other, expected) => {
    expect(isOutdated(one, other)).toBe(expected);
  });

  it('is the latest of several', () => {
    expect(latest([at('1', 1), at('3', 3), at('2', 2)])).toEqual(at('3', 3));
    expect(latest([at('1', null), at('2', 2)])).toEqual(at('2', 2));
    expect(latest([])).toBeUndefined();
  });
});
