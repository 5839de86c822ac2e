import { OperationOutcomeError, generateId, gone } from '@medplum/core';
import type { Version } from './resource-store';

const keptSearches = 100;

/**
 * Results of searches that did not fit on one page. Following pages are cut from the result of the first: with
 * an offset into a fresh search, a resource updated between two pages would push another one off both.
 */
export class SearchPages {
  private readonly results = new Map<string, readonly Version[]>();

  /** Keeps a result and returns the cursor to find it by; the oldest of 100 makes room. */
  keep(result: readonly Version[]): string {
    const [oldest] = this.results.keys();
    if (oldest !== undefined && this.results.size >= keptSearches) this.results.delete(oldest);
    const cursor = generateId();
    this.results.set(cursor, result);
    return cursor;
  }

  /** @throws OperationOutcomeError (410) when the cursor is unknown or its result was dropped */
  find(cursor: string): readonly Version[] {
    const result = this.results.get(cursor);
    if (!result) throw new OperationOutcomeError(gone);
    return result;
  }
}
