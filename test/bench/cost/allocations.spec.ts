import { allocatedIn } from './allocations';

const megabyte = 1024 * 1024;
const line = (kind: string, before: string, after: string) =>
  `[42:0x5]     1234 ms: ${kind} ${before} (60.0) -> ${after} (61.0) MB, 1.1 / 0.0 ms  (average mu = 1.0) task;\n`;

describe('allocatedIn', () => {
  it('adds up what each collection found beyond what the one before had left', () => {
    const log =
      line('Scavenge', '20.0', '10.0') +
      line('Scavenge', '26.0', '12.0') +
      line('Mark-Compact', '20.5', '9.0');
    expect(allocatedIn(log)).toBeCloseTo((16 + 8.5) * megabyte);
  });

  it('knows nothing before the first collection, and reads no other line', () => {
    expect(allocatedIn(line('Scavenge', '20.0', '10.0') + '{"msg":"Listening"}\n')).toBe(0);
  });
});
