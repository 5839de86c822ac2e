import { MatrixEvent } from '@bridge/contracts';
import { readContent } from './message-content';

function said(content: Record<string, unknown>, type = 'm.room.message'): MatrixEvent {
  return MatrixEvent.parse({
    event_id: '$event',
    room_id: '!room:care.example',
    sender: '@ada:gp.example',
    type,
    origin_server_ts: 1,
    content,
  });
}

const text = (body: string, more: object = {}) => said({ msgtype: 'm.text', body, ...more });
const repliesTo = (event_id: string, more: object = {}) => ({
  'm.relates_to': { 'm.in_reply_to': { event_id }, ...more },
});
const payloadOf = (event: MatrixEvent) => readContent(event).payload;

describe('the text of a message', () => {
  it.each(['m.text', 'm.emote', 'm.notice'])('is recorded as it is from %s', (msgtype) => {
    const event = said({ msgtype, body: 'One\n\ttwo', formatted_body: '<b>One</b>' });
    expect(readContent(event)).toEqual({ payload: [{ contentString: 'One\n\ttwo' }] });
  });

  it.each([
    ['an image', { msgtype: 'm.image', body: 'wound.jpg', url: 'mxc://x/y' }, 'wound.jpg', 'm.image'],
    ['a place', { msgtype: 'm.location', body: 'Here', geo_uri: 'geo:1,2' }, 'Here', 'm.location'],
    ['no type', { body: 'hello' }, 'hello', 'unknown'],
    ['a type that is no text', { msgtype: 7, body: 'hello' }, 'hello', 'unknown'],
    ['no body', { msgtype: 'm.text' }, '(no text)', 'm.text'],
    ['a body that is no text', { msgtype: 'm.text', body: { a: 1 } }, '(no text)', 'm.text'],
    ['nothing, as after a redaction', {}, '(no text)', 'unknown'],
  ])('with %s is recorded with a note of what is missing', (_words, content, body, kind) => {
    const event = said(content);
    expect(readContent(event)).toEqual({
      payload: [{ contentString: body }],
      missing: { note: `Content that could not be recorded: ${kind}`, notice: 'unsupported-content' },
    });
  });

  it.each(['', '  \n\t ', '\u0000\u0007'])(
    'that is blank (%j) says so, since FHIR allows no blank text',
    (body) => {
      expect(payloadOf(text(body))).toEqual([{ contentString: '(no text)' }]);
    },
  );

  it('loses control characters, which FHIR does not allow, and nothing else', () => {
    expect(payloadOf(text('a\u0000b\u0007c\u001bd\u0085e\te\r\nf é 👍🏽'))).toEqual([
      { contentString: 'abcde\te\r\nf é 👍🏽' },
    ]);
  });
});

describe('the quotation before a reply', () => {
  const reply = (body: string) => payloadOf(text(body, repliesTo('$target')))?.[0]?.contentString;

  it.each([
    ['one line', '> <@a:x> How are you?\n\nFine', 'Fine'],
    ['several lines', '> <@a:x> How\n> are\n>\n> you?\n\nFine,\n\n> thanks', 'Fine,\n\n> thanks'],
    ['no empty line after it', '> <@a:x> How?\nFine', 'Fine'],
  ])('is left out: %s', (_words, body, expected) => {
    expect(reply(body)).toBe(expected);
  });

  it('is all there is: kept, rather than an empty record', () => {
    expect(reply('> <@a:x> How?')).toBe('> <@a:x> How?');
  });

  it('is not there: nothing is left out', () => {
    expect(reply('Fine\n> not a quotation')).toBe('Fine\n> not a quotation');
    expect(reply('>no space')).toBe('>no space');
  });

  it('stays where the message is no reply: somebody quotes on purpose', () => {
    expect(payloadOf(text('> said before\n\nIndeed'))).toEqual([
      { contentString: '> said before\n\nIndeed' },
    ]);
  });

  it('leaves a blank text: said so', () => {
    expect(reply('> <@a:x> How?\n\n')).toBe('(no text)');
  });
});

describe('the formatted text of a message', () => {
  const html = (formatted_body: unknown, format: unknown = 'org.matrix.custom.html') =>
    readContent(text('One pill', { format, formatted_body })).payload;

  it('is kept beside the plain one, harmless', () => {
    expect(html('One <b>pill</b><script>x()</script>')).toEqual([
      {
        contentString: 'One pill',
        _contentString: {
          extension: [
            {
              url: 'http://hl7.org/fhir/StructureDefinition/rendering-xhtml',
              valueString: 'One <b>pill</b>',
            },
          ],
        },
      },
    ]);
  });

  it.each([
    ['is none', undefined],
    ['is no text', 7],
    ['holds nothing harmless', '<img src="mxc://x/y">'],
  ])('that %s is left out', (_what, formatted) => {
    expect(html(formatted)).toEqual([{ contentString: 'One pill' }]);
  });

  it('in a format that nobody knows is left out', () => {
    expect(html('<b>x</b>', 'org.example')).toEqual([{ contentString: 'One pill' }]);
  });
});

describe('a sticker', () => {
  it('is recorded by its name, with a note', () => {
    expect(readContent(said({ body: 'Waving cat', url: 'mxc://x/y', info: {} }, 'm.sticker'))).toEqual({
      payload: [{ contentString: 'Waving cat' }],
      missing: { note: 'Content that could not be recorded: m.sticker', notice: 'unsupported-content' },
    });
  });
});

describe('a poll', () => {
  const unstable = 'org.matrix.msc3381.poll.start';

  it.each([
    ['as text', 'm.poll.start', { 'm.text': [{ body: 'Tea?\n1. Yes' }], 'm.poll': {} }, 'Tea?\n1. Yes'],
    [
      'in several forms',
      'm.poll.start',
      { 'm.text': [{ mimetype: 'text/html', body: '<b>' }, { body: 'Tea?' }] },
      'Tea?',
    ],
    ['in its question', 'm.poll.start', { 'm.poll': { question: { 'm.text': [{ body: 'Tea?' }] } } }, 'Tea?'],
    ['as MSC3381 has it', unstable, { 'org.matrix.msc1767.text': 'Tea?', [unstable]: {} }, 'Tea?'],
    [
      'in the question of MSC3381',
      unstable,
      { [unstable]: { question: { 'org.matrix.msc1767.text': 'Tea?' } } },
      'Tea?',
    ],
    ['nowhere', 'm.poll.start', { 'm.poll': { question: null }, 'm.text': [null, 7] }, '(no text)'],
  ])('is recorded by its text, with a note: %s', (_where, type, content, expected) => {
    expect(readContent(said(content, type))).toEqual({
      payload: [{ contentString: expected }],
      missing: { note: `Content that could not be recorded: ${type}`, notice: 'unsupported-content' },
    });
  });
});

describe('an encrypted message', () => {
  it('is recorded as unreadable, with the reason and nothing of what it holds', () => {
    const content = { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'AwgAE', session_id: 's' };
    expect(readContent(said(content, 'm.room.encrypted'))).toEqual({
      payload: [{ contentString: '(could not be read)' }],
      missing: {
        note: 'Could not be read: the message is encrypted, and the bridge has no key to it.',
        notice: 'unreadable-encrypted',
      },
    });
  });
});
