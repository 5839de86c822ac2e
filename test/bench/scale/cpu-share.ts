import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const firstVersion = '/sys/fs/cgroup/cpu';
const secondVersion = '/sys/fs/cgroup';
/** Short, so that a process that has used its share waits a moment only. */
const periodMicroseconds = 20_000;

/**
 * A share of one core's time that a process may use and not more (a control group of Linux): eight processes that get a
 * seventh each do on two cores what they would do on eight machines that are seven times slower.
 */
export class CpuShare {
  private constructor(private readonly directory: string) {}

  /**
   * @param share of one core, e.g. 0.1
   * @throws Error where this user may make no control groups
   */
  static async of(pid: number, share: number): Promise<CpuShare> {
    const isFirst = existsSync(join(firstVersion, 'cpu.cfs_quota_us'));
    const directory = join(
      isFirst ? firstVersion : secondVersion,
      `bridge-scale-${randomBytes(4).toString('hex')}`,
    );
    const quota = Math.round(share * periodMicroseconds);
    const limits: [file: string, content: string][] = isFirst
      ? [
          ['cpu.cfs_period_us', String(periodMicroseconds)],
          ['cpu.cfs_quota_us', String(quota)],
        ]
      : [['cpu.max', `${quota} ${periodMicroseconds}`]];
    try {
      await mkdir(directory);
      for (const [file, content] of limits) await writeFile(join(directory, file), content);
      await writeFile(join(directory, 'cgroup.procs'), String(pid));
    } catch (error) {
      throw new Error('It takes a control group for each process: run it as root, on Linux', {
        cause: error,
      });
    }
    return new CpuShare(directory);
  }

  /** Once its process has ended. */
  async remove(): Promise<void> {
    await rmdir(this.directory);
  }
}
