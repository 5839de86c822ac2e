import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';

/** As the bridge's processes load it: before anything else, compiled. */
function clockOf(skewMs: string) {
  const { code } = transformFileSync(join(__dirname, 'skewed-clock.ts'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const ask = `
    const fixed = new Date('2026-03-10T12:00:00Z');
    console.log(JSON.stringify({
      now: Date.now(), made: new Date().getTime(), written: Date.parse(Date()), fixed: fixed.toISOString(),
      isDate: fixed instanceof Date, utc: Date.UTC(2026, 2, 10),
    }));`;
  const { stdout, status } = spawnSync(process.execPath, ['-e', code + ask], {
    env: { CHAOS_CLOCK_SKEW_MS: skewMs },
    encoding: 'utf8',
  });
  return { status, told: status === 0 ? (JSON.parse(stdout) as Record<string, number>) : undefined };
}

describe('the skewed clock', () => {
  it('is wrong by that much whichever way it is asked, and leaves given times alone', () => {
    const hour = 3_600_000;
    const from = Date.now();
    const { told } = clockOf(String(hour));
    const to = Date.now();
    for (const name of ['now', 'made'] as const) {
      expect(told![name]).toBeGreaterThanOrEqual(from + hour);
      expect(told![name]).toBeLessThanOrEqual(to + hour);
    }
    // Whole seconds.
    expect(told!.written).toBeGreaterThanOrEqual(from + hour - 1_000);
    expect(told).toMatchObject({
      fixed: '2026-03-10T12:00:00.000Z',
      isDate: true,
      utc: Date.UTC(2026, 2, 10),
    });
  });

  it('refuses a skew that is none', () => {
    expect(clockOf('much').status).toBe(1);
  });
});
