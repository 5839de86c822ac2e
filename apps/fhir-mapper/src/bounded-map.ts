/** A map that forgets its oldest entry when it is full, and every entry after a time. */
export class BoundedMap<K, V> {
  private readonly entries = new Map<K, { readonly value: V; readonly setAt: number }>();

  constructor(
    private readonly limit: number,
    private readonly forMs: number,
  ) {}

  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    return entry && performance.now() - entry.setAt < this.forMs ? entry.value : undefined;
  }

  set(key: K, value: V): void {
    // Taken out first, so that the order of the map is that of age.
    this.entries.delete(key);
    this.entries.set(key, { value, setAt: performance.now() });
    if (this.entries.size <= this.limit) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }
}
