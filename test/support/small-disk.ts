import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ManagedProcess } from '../../deploy/local/src/child-process';

const chunk = Buffer.alloc(4_096, 'x');

/** `exec`, so that the process which holds the namespace is this one's child and dies with it. */
const hold =
  'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$0" && exec setpriv --pdeathsig KILL sleep infinity';

/**
 * A file system of its own that can really be full: a tmpfs that a process holds in a user namespace, so that nobody has
 * to be root. Others reach it through that process. Linux only, and user namespaces have to be allowed: Ubuntu 24.04
 * does so with `sysctl kernel.apparmor_restrict_unprivileged_userns=0`.
 */
export class SmallDisk {
  private constructor(
    private readonly holder: ManagedProcess,
    private readonly mountPoint: string,
  ) {}

  /**
   * @param options.bytes a multiple of 4096
   * @param options.user whose it is; the caller's unless given
   */
  static async start(options: { bytes: number; user?: ManagedProcess['spec']['user'] }): Promise<SmallDisk> {
    const { bytes, user } = options;
    const mountPoint = await mkdtemp(join(tmpdir(), 'bridge-disk-'));
    const holder: ManagedProcess = new ManagedProcess({
      name: 'small disk',
      command: 'unshare',
      args: ['--user', '--map-root-user', '--mount', 'sh', '-c', hold, mountPoint, String(bytes)],
      env: { PATH: process.env.PATH ?? '' },
      logFile: `${mountPoint}.log`,
      ready: async (): Promise<boolean> => {
        const { bsize, blocks } = await statfs(disk.directory);
        return bsize * blocks === bytes;
      },
      readyWithinMs: 30_000,
      user,
    });
    const disk: SmallDisk = new SmallDisk(holder, mountPoint);
    await holder.start();
    return disk;
  }

  /** Its root, for as long as it has not been stopped. */
  get directory(): string {
    return `/proc/${this.holder.pid}/root${this.mountPoint}`;
  }

  /** As if something else on it had grown: writes until nothing fits any more. */
  async fill(): Promise<void> {
    const endless = function* (): Generator<Buffer> {
      for (;;) yield chunk;
    };
    try {
      await pipeline(Readable.from(endless()), createWriteStream(this.ballast));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  /** Takes away what `fill` wrote. */
  async makeRoom(): Promise<void> {
    await rm(this.ballast);
  }

  /** With all that is on it. */
  async stop(): Promise<void> {
    await this.holder.stop();
    await rmdir(this.mountPoint);
    await rm(this.holder.spec.logFile);
  }

  private get ballast(): string {
    return join(this.directory, 'ballast');
  }
}
