import { readFileSync } from 'node:fs';

/** A collection in V8's --trace-gc: "… ms: Scavenge 24.1 (40.2) -> 17.3 (42.0) MB, …". */
const collection = / ms: [A-Z][\w -]* ([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB/g;

/** Bytes allocated between the first and the last collection in a log: what each found more than the one before left. */
export function allocatedIn(log: string): number {
  let megabytes = 0;
  let left: number | undefined;
  for (const [, before, after] of log.matchAll(collection)) {
    if (left !== undefined) megabytes += Math.max(0, Number(before) - left);
    left = Number(after);
  }
  return megabytes * 1024 * 1024;
}

/** As `allocatedIn`, of what a log file holds from some length on. */
export function allocatedSince(logFile: string, length: number): number {
  return allocatedIn(readFileSync(logFile, 'utf8').slice(length));
}
