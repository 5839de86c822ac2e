import { EventId, MatrixEvent, UserId } from '@bridge/contracts';
import { answerContent, replyRelation } from './answer';

const anna = UserId.parse('@anna:vvt.example');
const asked = EventId.parse('$asked');
const related = (relation: unknown) =>
  MatrixEvent.parse({
    event_id: asked,
    room_id: '!r',
    sender: anna,
    type: 'm.room.message',
    origin_server_ts: 1,
    content: { 'm.relates_to': relation },
  });

describe('an answer of the bot', () => {
  it('is a notice, plain and in simple HTML', () => {
    expect(answerContent({ text: 'Say `!care help`.', items: ['one', '`two`'] })).toEqual({
      msgtype: 'm.notice',
      body: 'Say `!care help`.\n- one\n- `two`',
      format: 'org.matrix.custom.html',
      formatted_body: '<p>Say <code>!care help</code>.</p><ul><li>one</li><li><code>two</code></li></ul>',
    });
  });

  it('shows what people call themselves as text, whatever it is', () => {
    const { formatted_body: html } = answerContent({ text: '<img src="x"> & `<b>`' });
    expect(html).toBe('<p>&lt;img src=&quot;x&quot;&gt; &amp; <code>&lt;b&gt;</code></p>');
  });

  it('replies to the command, and calls nobody else', () => {
    expect(replyRelation(asked, anna)).toEqual({
      'm.relates_to': { 'm.in_reply_to': { event_id: '$asked' } },
      'm.mentions': { user_ids: [anna] },
    });
  });

  it('stays in the thread of the command', () => {
    const inThread = related({ rel_type: 'm.thread', event_id: '$root' });
    expect(replyRelation(asked, anna, inThread)['m.relates_to']).toEqual({
      rel_type: 'm.thread',
      event_id: '$root',
      is_falling_back: false,
      'm.in_reply_to': { event_id: '$asked' },
    });
    for (const odd of [null, 'x', { rel_type: 'm.thread' }, { rel_type: 'm.annotation', event_id: '$r' }]) {
      expect(replyRelation(asked, anna, related(odd))['m.relates_to']).toEqual({
        'm.in_reply_to': { event_id: '$asked' },
      });
    }
  });
});
