import { chmod, chown, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenderedFile } from './plan';

/** Who owns what containers read and write. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What became of a file. */
export type Outcome = 'made' | 'kept' | 'differs' | 'rewritten' | 'closed';

const PRIVATE_FILE = 0o400;
const PRIVATE_FOLDER = 0o700;
const OPEN_FILE = 0o444;
const OPEN_FOLDER = 0o755;

/** The folder that holds all that the containers are given, and all that they keep. */
export class DataFolder {
  /** @param owner not set: whoever runs this, as in tests */
  constructor(
    readonly root: string,
    private readonly owner?: Owner,
  ) {}

  /** The text of a file, or undefined when it is not there. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.root, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Writes a file that is not there. One that is there stays: at most a secret that others could read is closed to them.
   * @param rewrite whether one with another content is replaced; the former is kept beside it as `<name>.before`
   */
  async ensure(file: RenderedFile, { rewrite = false } = {}): Promise<Outcome> {
    const present = await this.read(file.path);
    if (present === undefined) {
      await this.write(file);
      return 'made';
    }
    if (present.trimEnd() !== file.content.trimEnd()) {
      if (!rewrite) return 'differs';
      await this.write({ ...file, path: `${file.path}.before`, content: present });
      await this.write(file);
      return 'rewritten';
    }
    return file.secret && (await this.close(file.path)) ? 'closed' : 'kept';
  }

  /** Writes a file that the owner of this folder alone may read, whoever owns the others. */
  async writeForRootOnly(path: string, content: string): Promise<void> {
    await this.folder(dirname(path), PRIVATE_FOLDER, undefined);
    await this.put(path, content, PRIVATE_FILE, undefined);
  }

  /** Makes an empty folder that a container keeps its data in. @returns whether it was not there */
  async ensureState(path: string): Promise<boolean> {
    return this.folder(path, PRIVATE_FOLDER, this.owner);
  }

  /** Writes a file, whether it is there or not. */
  async write({ path, content, secret }: RenderedFile): Promise<void> {
    await this.folder(dirname(path), secret ? PRIVATE_FOLDER : OPEN_FOLDER, this.owner);
    await this.put(path, content, secret ? PRIVATE_FILE : OPEN_FILE, this.owner);
  }

  /** All at once under its name: whoever reads it, or comes after a crash, finds a whole file or none. */
  private async put(path: string, content: string, mode: number, owner: Owner | undefined): Promise<void> {
    const file = join(this.root, path);
    const draft = `${file}.draft`;
    await writeFile(draft, '', { mode: 0o600 });
    await chmod(draft, 0o600); // a draft that was left has the mode it had
    await writeFile(draft, content);
    await chmod(draft, mode);
    if (owner) await chown(draft, owner.uid, owner.gid);
    await rename(draft, file);
  }

  private async folder(path: string, mode: number, owner: Owner | undefined): Promise<boolean> {
    const folder = join(this.root, path);
    const made = await mkdir(folder, { recursive: true });
    if (made === undefined) return false;
    await chmod(folder, mode);
    if (owner) await chown(folder, owner.uid, owner.gid);
    return true;
  }

  private async close(path: string): Promise<boolean> {
    const file = join(this.root, path);
    const { mode } = await stat(file);
    if ((mode & 0o077) === 0) return false;
    await chmod(file, PRIVATE_FILE);
    return true;
  }
}
