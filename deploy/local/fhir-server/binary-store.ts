import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HttpProblem } from './http-problem';

/** The bytes of Binary resources, each in a file, in a folder that goes when the server closes. */
export class BinaryStore {
  private folder?: Promise<string>;

  constructor(private readonly largest: number) {}

  /**
   * Takes bytes as they come, before there is a resource for them.
   * @returns the name to {@link keep} them by
   * @throws HttpProblem 413
   */
  async receive(bytes: Readable): Promise<string> {
    const name = `incoming-${randomUUID()}`;
    const file = await this.fileOf(name);
    try {
      await pipeline(bytes, this.limit(), createWriteStream(file));
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
    return name;
  }

  /** Makes what was received the bytes of a resource; without a resource it is thrown away. */
  async keep(name: string, id: string | undefined): Promise<void> {
    const file = await this.fileOf(name);
    await (id === undefined ? rm(file) : rename(file, await this.fileOf(id)));
  }

  /** Undefined when the resource was not stored as bytes. */
  async open(id: string): Promise<{ bytes: Readable; length: number } | undefined> {
    if (!/^[A-Za-z0-9\-.]+$/.test(id)) return undefined;
    const file = await this.fileOf(id);
    const found = await stat(file).catch(() => undefined);
    return found && { bytes: createReadStream(file), length: found.size };
  }

  async close(): Promise<void> {
    if (this.folder) await rm(await this.folder, { recursive: true, force: true });
  }

  private async fileOf(name: string): Promise<string> {
    this.folder ??= mkdtemp(join(tmpdir(), 'bridge-fhir-binaries-'));
    return join(await this.folder, name);
  }

  private limit(): Transform {
    const { largest } = this;
    let size = 0;
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size <= largest) done(null, chunk);
        else done(new HttpProblem(413, 'too-long', `A Binary is at most ${largest} bytes`));
      },
    });
  }
}
