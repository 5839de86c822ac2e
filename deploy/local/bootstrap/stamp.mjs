import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A hash over texts, and over files and folders (names and contents) below `root`; a missing one counts as empty. */
export function hashOf(root, { paths = [], texts = [] }) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\0`);
  for (const path of paths) addPath(hash, root, path);
  return hash.digest('hex');
}

function addPath(hash, root, path) {
  const entries = entriesOf(join(root, path));
  if (entries) {
    for (const entry of entries.sort()) addPath(hash, root, join(path, entry));
    return;
  }
  hash.update(`${path}\0`);
  hash.update(readOrEmpty(join(root, path)));
}

function entriesOf(path) {
  try {
    return readdirSync(path);
  } catch (error) {
    if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function readOrEmpty(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * Does `work` unless the stamp file says that it was done for the same `hash`. The stamp is written last: work that was
 * cut off is done again.
 */
export async function unlessStamped(stampFile, hash, work) {
  if (readOrEmpty(stampFile).toString() === hash) return;
  await work();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
}
