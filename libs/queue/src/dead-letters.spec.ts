import { deadLetterMessage } from './dead-letters';

const letter = {
  stream: 'ROOMS',
  kind: 'command.invite',
  reason: 'No.',
  failureClass: 'no',
  payload: new Uint8Array([0, 255, 1]),
  id: '7',
  attempts: 2,
} as const;

describe('a dead letter', () => {
  it('keeps bytes as they are', () => {
    expect([...deadLetterMessage(letter).payload]).toEqual([0, 255, 1]);
  });

  it('writes anything else as JSON', () => {
    const { payload } = deadLetterMessage({ ...letter, payload: { a: 1 } });
    expect(Buffer.from(payload).toString()).toBe('{"a":1}');
  });

  it('leaves out the headers that it has no value for', () => {
    const { headers } = deadLetterMessage(letter);
    expect([...headers.keys()].sort()).toEqual(['Bridge-Attempts', 'Bridge-Failure-Class', 'Bridge-Reason']);
  });

  it('has an id of its own per stream', () => {
    expect(deadLetterMessage(letter).id).toBe('ROOMS:7');
    expect(deadLetterMessage({ ...letter, stream: 'MAPPING' }).id).toBe('MAPPING:7');
  });

  it('takes a reason with line breaks', () => {
    expect(deadLetterMessage({ ...letter, reason: 'a\r\nb' }).headers.get('Bridge-Reason')).toBe('a b');
  });
});
