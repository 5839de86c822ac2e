import { NumbersSeen } from './numbers-seen';

function seenAfter(...texts: string[]) {
  const numbers = new NumbersSeen();
  for (const text of texts) numbers.note(text, false);
  return numbers.seen;
}

describe('the numbers that a stub has seen', () => {
  it('are in order within each conversation, however conversations mix', () => {
    expect(seenAfter('a 0', 'b 0', 'a 1', 'b 1')).toEqual({ arrived: 4, repeated: 0, disordered: 0 });
  });

  it('tell a message that came after a later one of its conversation', () => {
    expect(seenAfter('a 0', 'a 2', 'a 1')).toEqual({ arrived: 3, repeated: 0, disordered: 1 });
  });

  it('count a repetition apart, out of order or not', () => {
    const numbers = new NumbersSeen();
    for (const number of [0, 1]) numbers.note(`a ${number}`, false);
    numbers.note('a 0', true);
    expect(numbers.seen).toEqual({ arrived: 2, repeated: 1, disordered: 0 });
  });

  it('leave out what is no numbered message', () => {
    expect(seenAfter('How is she today?')).toMatchObject({ arrived: 0 });
  });
});
