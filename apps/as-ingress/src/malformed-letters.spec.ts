import type { DeadLetter, QueuePublisher } from '@bridge/queue';
import { MalformedLetters } from './malformed-letters';

class Letters {
  readonly stored: DeadLetter[] = [];

  async deadLetter(letter: DeadLetter): Promise<void> {
    this.stored.push(letter);
  }
}

function lettersTo(letters: Letters): MalformedLetters {
  return new MalformedLetters(letters as unknown as QueuePublisher);
}

describe('MalformedLetters', () => {
  it('keeps the bytes as they are', async () => {
    const letters = new Letters();
    await lettersTo(letters).keep('matrix.event', 'sender', Buffer.from([0xff, 0x00]));
    expect(letters.stored).toMatchObject([
      {
        kind: 'matrix.event',
        reason: 'sender',
        failureClass: 'malformed-event',
        payload: Buffer.from([0xff, 0x00]),
      },
    ]);
  });

  it('keeps an empty body too', async () => {
    const letters = new Letters();
    await lettersTo(letters).keep('matrix.transaction', 'not JSON', Buffer.alloc(0));
    expect(letters.stored).toHaveLength(1);
  });

  it('splits what is too large for one queue message, and loses no byte', async () => {
    const letters = new Letters();
    const payload = Buffer.from(Array.from({ length: 1_200_000 }, (_, index) => index % 251));
    await lettersTo(letters).keep('matrix.transaction', 'not JSON', payload);
    expect(letters.stored.map(({ reason }) => reason)).toEqual([
      'not JSON (part 1 of 3)',
      'not JSON (part 2 of 3)',
      'not JSON (part 3 of 3)',
    ]);
    expect(new Set(letters.stored.map(({ id }) => id)).size).toBe(3);
    const parts = letters.stored.map((letter) => letter.payload as Uint8Array);
    expect(parts.every((part) => part.length <= 1024 * 1024)).toBe(true);
    expect(Buffer.concat(parts).equals(payload)).toBe(true);
  });

  it('gives the same bytes the same id, and other bytes another', async () => {
    const letters = new Letters();
    for (const text of ['one', 'one', 'two']) {
      await lettersTo(letters).keep('matrix.event', 'sender', Buffer.from(text));
    }
    const [first, second, third] = letters.stored.map(({ id }) => id);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});
