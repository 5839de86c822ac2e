/** How many characters may be wrong in a name for it to pass as a slip. */
const MAX_SLIPS = 3;

/** The name that was probably meant, or undefined when none is near. */
export function closestName(written: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, slips: editDistance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.slips - b.slips);
  const best = ranked[0];
  return best && best.slips <= Math.min(MAX_SLIPS, Math.floor(best.name.length / 2)) ? best.name : undefined;
}

/** Levenshtein's distance: single-character insertions, deletions and substitutions. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
