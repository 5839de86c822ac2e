import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every file and folder below one, with owner, mode, time of change and hash: to see whether anything has changed. */
export function contentsOf(root: string, path = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, path)).sort()) {
    const own = join(path, name);
    const stat = lstatSync(join(root, own));
    const told = `${stat.uid}:${stat.gid} ${(stat.mode & 0o7777).toString(8)}`;
    if (stat.isDirectory()) Object.assign(found, { [`${own}/`]: told }, contentsOf(root, own));
    else {
      const hash = createHash('sha256')
        .update(readFileSync(join(root, own)))
        .digest('hex');
      found[own] = `${told} ${stat.mtimeMs} ${hash}`;
    }
  }
  return found;
}
