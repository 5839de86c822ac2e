import { LRUCache } from 'lru-cache';

/** Answers that are remembered for a while; the one that was used longest ago goes first. */
export class Remembered<V extends object | string | true> {
  private readonly cache: LRUCache<string, V> | undefined;

  /** @param keepMs in milliseconds; 0: nothing is remembered, where an LRUCache of its own would keep it for ever */
  constructor(max: number, keepMs: number) {
    if (keepMs > 0) this.cache = new LRUCache<string, V>({ max, ttl: keepMs });
  }

  get(id: string): V | undefined {
    return this.cache?.get(id);
  }

  set(id: string, value: V): void {
    this.cache?.set(id, value);
  }

  delete(id: string): void {
    this.cache?.delete(id);
  }

  /** Forgets all that are this value. */
  deleteAll(value: V): void {
    for (const [id, each] of this.cache?.entries() ?? []) if (each === value) this.cache?.delete(id);
  }
}
