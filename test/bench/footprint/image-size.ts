import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What the bridge consists of beside its packages. */
const ownFiles = ['dist/apps', 'dist/libs', 'prisma', 'package.json', 'package-lock.json'];

interface Lock {
  readonly packages: Readonly<Record<string, { dev?: boolean; devOptional?: boolean }>>;
}

/** Bytes of all files that an image has to hold beside Node and its base: what is built, and the packages it runs with. */
export function imageBytes(root: string): number {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => join(root, path))
    // The lock file names optional packages of other platforms as well.
    .filter((path) => existsSync(path));
  const own = ownFiles.map((path) => join(root, path));
  return [...own, ...installed].reduce((sum, path) => sum + bytesOf(path), 0);
}

/** Packages within a package are in the lock file themselves. */
function bytesOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink() && entry.name !== 'node_modules')
    .reduce((sum, { name }) => sum + bytesOf(join(path, name)), 0);
}
