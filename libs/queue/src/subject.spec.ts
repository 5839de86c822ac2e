import { kindsOf } from '@bridge/contracts';
import { deadLetterSubject, parseWorkSubject, workSubject } from './subject';

describe('subject', () => {
  it('names stream, partition and kind', () => {
    expect(workSubject('command.invite', 7)).toBe('rooms.7.command.invite');
  });

  it.each([...kindsOf('MAPPING'), ...kindsOf('ROOMS')])('gives back the kind %s, dots and all', (kind) => {
    expect(parseWorkSubject(workSubject(kind, 31))).toEqual({ partition: 31, kind });
  });

  it('of a dead letter holds no wildcard, blank or empty token, whatever the event type is', () => {
    const subject = deadLetterSubject('MAPPING', 3, 'matrix.>.*. org..é');
    expect(subject).toBe('dead.MAPPING.3.matrix._._._org._._');
  });

  it('of a dead letter stays short', () => {
    expect(deadLetterSubject('ROOMS', undefined, 'x'.repeat(10_000)).length).toBeLessThan(160);
  });
});
