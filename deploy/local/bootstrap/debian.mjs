import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailed, program } from './steps.mjs';

/** Debian's packages (13, amd64). Any Linux with as new a C library runs them. */
const DEBIAN = 'https://deb.debian.org/debian/pool/main';

/**
 * Unpacks a package below a folder.
 *
 * @throws StepFailed where it cannot be fetched, or is not the one that `sha256` says
 */
export async function fromDebian(folder, { path, sha256 }) {
  const url = `${DEBIAN}/${path}`;
  const answer = await fetch(url).catch((error) => {
    throw new StepFailed(url, String(error.cause ?? error));
  });
  if (!answer.ok) throw new StepFailed(url, `${answer.status} ${answer.statusText}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new StepFailed(url, `SHA-256 is ${found}, and should be ${sha256}`);
  const file = join(folder, 'package.deb');
  writeFileSync(file, bytes);
  await program(`unpack ${path}`, 'dpkg-deb', ['--extract', file, folder], { cwd: folder });
  rmSync(file);
}
