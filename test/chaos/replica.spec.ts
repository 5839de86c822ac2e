import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedProcess } from '../../deploy/local/src/child-process';
import { until } from '../support/until';
import { Replica } from './replica';

describe('a replica', () => {
  let directory: string;
  let replica: Replica;

  /** Writes its id to a file as soon as it runs. */
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'replica-'));
    const script = `
      fs.writeFileSync(${JSON.stringify(pidFile())}, String(process.pid));
      process.on('SIGUSR2', () => process.exit(3));
      setInterval(() => {}, 1000);`;
    replica = new Replica(
      new ManagedProcess({
        name: 'example',
        command: process.execPath,
        args: ['-e', script],
        env: { PATH: process.env.PATH ?? '' },
        logFile: join(directory, 'example.log'),
        ready: () => Promise.resolve(existsSync(pidFile()) && running() === replica.process.pid),
        readyWithinMs: 10_000,
      }),
    );
    await replica.start();
  });

  afterEach(async () => {
    await replica.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const pidFile = (): string => join(directory, 'pid');
  const running = (): number => Number(readFileSync(pidFile(), 'utf8'));

  it('is away while it is kept away after a kill, and back afterwards', async () => {
    const before = replica.process.pid;
    let goOn = (): void => undefined;
    const hold = new Promise<void>((resolve) => (goOn = resolve));
    const back = replica.killFor(() => hold);
    await replica.process.exited;
    expect(replica.process.pid).toBeUndefined();
    goOn();
    await back;
    expect(replica.process.pid).not.toBe(before);
    expect(running()).toBe(replica.process.pid);
    expect(replica.endedByItself).toBe(0);
  });

  it('is started again when it ends by itself, which is counted', async () => {
    const before = replica.process.pid;
    replica.process.kill('SIGUSR2');
    await until('another one', () => replica.process.pid !== before && running() === replica.process.pid);
    expect(replica.endedByItself).toBe(1);
  });

  it('stands still while it is frozen, and is the same process afterwards', async () => {
    const before = replica.process.pid;
    const state = (): string =>
      execFileSync('ps', ['-o', 'stat=', '-p', String(before)], { encoding: 'utf8' })[0]!;
    await replica.freezeFor(async () => {
      await until('it to stand still', () => state() === 'T');
    });
    await until('it to go on', () => state() !== 'T');
    expect(replica.process.pid).toBe(before);
  });
});
