import { randomBytes } from 'node:crypto';
import { Sealer } from './sealer';

describe('Sealer', () => {
  const key = randomBytes(32);
  const value = { 'room.subject': { identifier: [{ value: 'canary-123' }] } };

  it('gives back what was sealed', () => {
    expect(new Sealer(key).open(new Sealer(key).seal(value))).toEqual(value);
  });

  it('shows nothing of the value, and seals the same value differently each time', () => {
    const sealer = new Sealer(key);
    const sealed = Buffer.from(sealer.seal(value));
    expect(sealed.includes('canary-123')).toBe(false);
    expect(sealed.equals(Buffer.from(sealer.seal(value)))).toBe(false);
  });

  it('opens nothing with another key, and nothing that was changed', () => {
    const sealed = new Sealer(key).seal(value);
    expect(() => new Sealer(randomBytes(32)).open(sealed)).toThrow();
    sealed[sealed.length - 1]! ^= 1;
    expect(() => new Sealer(key).open(sealed)).toThrow();
  });
});
