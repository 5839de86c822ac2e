import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess, type ProcessSpec } from './child-process';

describe('a managed process', () => {
  let directory: string;
  let child: ManagedProcess;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'managed-process-'))));
  afterEach(async () => {
    await child.stop(0);
    rmSync(directory, { recursive: true, force: true });
  });

  /** A Node program that tells that it is ready by making the file `ready`. */
  function program(script: string, spec: Partial<ProcessSpec> = {}): ManagedProcess {
    const readyFile = join(directory, 'ready');
    child = new ManagedProcess({
      name: 'example',
      command: process.execPath,
      args: ['-e', `const ready = () => fs.writeFileSync(${JSON.stringify(readyFile)}, '');${script}`],
      env: { PATH: process.env.PATH ?? '' },
      logFile: join(directory, 'example.log'),
      ready: () => Promise.resolve(existsSync(readyFile)),
      readyWithinMs: 10_000,
      ...spec,
    });
    return child;
  }

  it('is started only when it is ready, and ends on its stop signal', async () => {
    const example = program('setInterval(() => {}, 1000); ready()');
    await example.start();
    expect(existsSync(join(directory, 'ready'))).toBe(true);
    expect(await example.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(example.pid).toBeUndefined();
  });

  it('is killed after the grace when it ignores the stop signal', async () => {
    const example = program("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); ready()");
    await example.start();
    expect(await example.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('that ends before it is ready fails the start with its code and the last lines of its log', async () => {
    const example = program(
      "for (let i = 1; i <= 40; i += 1) console.log('line ' + i); process.exitCode = 3",
    );
    const failure = await example.start().then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toContain('example ended with code 3 before it was ready');
    expect(failure.split('\n').slice(1)).toEqual(
      Array.from({ length: 30 }, (_, index) => `line ${index + 11}`),
    );
  });

  it('that is not ready in time fails the start and does not stay', async () => {
    const example = program('setInterval(() => {}, 1000)', { readyWithinMs: 300 });
    await expect(example.start()).rejects.toThrow('example was not ready within 0.3 s');
    expect(example.pid).toBeUndefined();
  });

  it('whose program does not exist fails the start', async () => {
    const example = program('', { command: join(directory, 'absent') });
    await expect(example.start()).rejects.toThrow(
      /^example (ended with code 127|could not be started) before/,
    );
  });

  it('that was killed from outside is noticed and can be started again with the same arguments', async () => {
    const example = program('setInterval(() => {}, 1000); console.log(process.pid); ready()');
    await example.start();
    const first = example.pid;
    example.kill('SIGKILL');
    expect(await example.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await example.start();
    expect(example.pid).not.toBe(first);
    await expect(example.start()).rejects.toThrow('example runs already');
  });

  it('sees nothing of the environment but what it is given', async () => {
    process.env.BRIDGE_TEST_SECRET = 'leaked';
    const example = program('console.log(process.env.BRIDGE_TEST_SECRET ?? "absent"); ready()');
    await example.start().catch(() => undefined); // it may end before the file is seen
    await example.exited;
    delete process.env.BRIDGE_TEST_SECRET;
    expect(example.logTail()).toBe('absent');
  });
});
