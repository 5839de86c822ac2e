import { MatrixEvent } from '@bridge/contracts';
import { readBotCommand } from './bot-command';

const said = (content: Record<string, unknown>, type = 'm.room.message') =>
  MatrixEvent.parse({
    event_id: '$e',
    room_id: '!r:vvt.example',
    sender: '@anna:vvt.example',
    type,
    origin_server_ts: 1,
    content: { msgtype: 'm.text', ...content },
  });
const read = (body: string, isDirect = false) => readBotCommand(said({ body }), '!care', isDirect);

describe('a message that speaks to the bot', () => {
  it('begins with the prefix, in any case, with or without punctuation after it', () => {
    expect(read('!care status')).toBe('status');
    expect(read('  !CARE   status ')).toBe('status');
    expect(read('!care: status')).toBe('status');
    expect(read('!care')).toBe('');
  });

  it('is not one that only begins with the same letters, or has the prefix somewhere else', () => {
    expect(read('!careful with that')).toBeUndefined();
    expect(read('say !care help')).toBeUndefined();
    expect(read('She slept well.')).toBeUndefined();
  });

  it('needs no prefix in a direct chat, and may have it', () => {
    expect(read('status', true)).toBe('status');
    expect(read('!care status', true)).toBe('status');
    expect(read('!careful', true)).toBe('!careful');
  });

  it('may be a reply, of which the quote does not count', () => {
    const relates = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$other' } } };
    const body = '> <@bob:vvt.example> !care archive\n\n!care status';
    expect(readBotCommand(said({ body, ...relates }), '!care', false)).toBe('status');
  });

  it('is never a notice, which is how bots speak, nor an edit, nor a file', () => {
    expect(readBotCommand(said({ body: 'help', msgtype: 'm.notice' }), '!care', true)).toBeUndefined();
    expect(readBotCommand(said({ body: '!care help', msgtype: 'm.image' }), '!care', true)).toBeUndefined();
    const edit = {
      body: '* !care archive',
      'm.new_content': { msgtype: 'm.text', body: '!care archive' },
      'm.relates_to': { rel_type: 'm.replace', event_id: '$other' },
    };
    expect(readBotCommand(said(edit), '!care', true)).toBeUndefined();
  });

  it('may be encrypted in a direct chat, where nothing else can be meant; elsewhere nobody knows', () => {
    const encrypted = said({ ciphertext: 'x' }, 'm.room.encrypted');
    expect(readBotCommand(encrypted, '!care', true)).toBe('');
    expect(readBotCommand(encrypted, '!care', false)).toBeUndefined();
  });

  it('is nothing without a text', () => {
    expect(readBotCommand(said({ body: 7 }), '!care', true)).toBeUndefined();
  });
});
