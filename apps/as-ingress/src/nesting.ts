/** Whether a JSON value has more levels than allowed. Keeps its own stack: recursion is what deep nesting attacks. */
export function isNestedDeeperThan(value: unknown, limit: number): boolean {
  const open: { readonly item: object; readonly depth: number }[] = [];
  const enter = (item: unknown, depth: number): void => {
    if (typeof item === 'object' && item !== null) open.push({ item, depth });
  };
  enter(value, 1);
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.depth > limit) return true;
    for (const child of Object.values(next.item)) enter(child, next.depth + 1);
  }
  return false;
}
