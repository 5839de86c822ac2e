import {
  type TypedValue,
  type WithId,
  convertToSearchableTokens,
  evalFhirPathTyped,
  getSearchParameter,
  toTypedValue,
} from '@medplum/core';
import type { Reference, Resource } from '@medplum/fhirtypes';

/** One version of one resource, as `_history` tells it; a deletion has no `resource`. */
export interface Version {
  readonly sequence: number;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly resourceType: string;
  readonly id: string;
  readonly versionId: string;
  readonly lastUpdated: string;
  /** The write brought the resource into being (or back after a deletion): HTTP 201. */
  readonly created: boolean;
  readonly resource?: WithId<Resource>;
}

/**
 * What searches are fast by: `system|value` of an identifier, `Type/id` of what a resource is part of, or the other id of
 * an agent in an AuditEvent.
 */
export interface IndexedValue {
  readonly parameter: 'identifier' | 'part-of' | 'altid';
  readonly value: string;
}

/**
 * Every version ever written, in memory, in one log. Stored resources are shared with readers and must not be
 * changed in place.
 *
 * `lastUpdated` grows by at least 1 ms with each write, so that its order is the order of the writes: a client
 * that pulls by `_lastUpdated` can then neither skip nor reorder. Above 1,000 writes a second it runs ahead of
 * the clock.
 */
export class ResourceStore {
  private readonly log: Version[] = [];
  private readonly instances = new Map<string, Version[]>();
  /** Per type the live versions, oldest `lastUpdated` first: an update moves its resource to the end. */
  private readonly live = new Map<string, Map<string, Version>>();
  /** Ids that ever had an indexed value. Never shrinks: a search looks at the resource itself afterwards. */
  private readonly idsByValue = new Map<string, Set<string>>();
  private lastInstant = 0;

  /** Stores a new version of the resource; `meta.versionId` and `meta.lastUpdated` are set here. */
  write<T extends Resource>(method: 'POST' | 'PUT', resource: WithId<T>): WithId<T> {
    const stamp = this.stamp(resource.resourceType, resource.id);
    const meta = { ...resource.meta, versionId: stamp.versionId, lastUpdated: stamp.lastUpdated };
    const stored = { ...resource, meta };
    const created = this.latest(stamp.resourceType, stamp.id)?.resource === undefined;
    this.append({ ...stamp, method, created, resource: stored });
    this.index(stored);
    return stored;
  }

  /** Records the deletion of a resource that exists. */
  delete(resourceType: string, id: string): void {
    this.append({ ...this.stamp(resourceType, id), method: 'DELETE', created: false });
  }

  /** The newest version, which may be a deletion; undefined when there never was such a resource. */
  latest(resourceType: string, id: string): Version | undefined {
    return this.instances.get(`${resourceType}/${id}`)?.at(-1);
  }

  /** Live resources of a type that were written at an instant or later, oldest `lastUpdated` first. */
  liveSince(resourceType: string, instant: string): Version[] {
    const live = this.live.get(resourceType);
    if (!live) return [];
    const from = this.firstSince(instant);
    // The log is in the order of lastUpdated, and of a resource only its newest version is live.
    if (from === 0) return [...live.values()];
    return this.log.slice(from).filter((version) => live.get(version.id) === version);
  }

  /** The position of the first version that was written at an instant or later. */
  private firstSince(instant: string): number {
    let [low, high] = [0, this.log.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.log[middle]!.lastUpdated < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Live resources that have, or once had, the value of an indexed parameter; oldest `lastUpdated` first. */
  liveWith(resourceType: string, { parameter, value }: IndexedValue): Version[] {
    const ids = this.idsByValue.get(indexKey(resourceType, { parameter, value })) ?? [];
    return [...ids]
      .map((id) => this.live.get(resourceType)?.get(id))
      .filter((version) => version !== undefined)
      .sort((a, b) => a.sequence - b.sequence);
  }

  /** All versions, oldest first, of everything, of one type, or of one resource. */
  versions(resourceType?: string, id?: string): readonly Version[] {
    if (id !== undefined) return this.instances.get(`${resourceType}/${id}`) ?? [];
    return resourceType ? this.log.filter((version) => version.resourceType === resourceType) : this.log;
  }

  /** A position in the log, for {@link since} and {@link rollBack}. */
  mark(): number {
    return this.log.length;
  }

  /** What was written after the mark. */
  since(mark: number): readonly Version[] {
    return this.log.slice(mark);
  }

  /** Undoes everything written after the mark. */
  rollBack(mark: number): void {
    const undone = this.log.splice(mark);
    for (const { resourceType, id } of undone) this.instances.get(`${resourceType}/${id}`)?.pop();
    for (const type of new Set(undone.map((version) => version.resourceType))) this.rebuildLive(type);
  }

  private stamp(resourceType: string, id: string) {
    this.lastInstant = Math.max(Date.now(), this.lastInstant + 1);
    const previous = this.latest(resourceType, id);
    return {
      sequence: this.log.length,
      resourceType,
      id,
      versionId: String(Number(previous?.versionId ?? 0) + 1),
      lastUpdated: new Date(this.lastInstant).toISOString(),
    };
  }

  private append(version: Version): void {
    this.log.push(version);
    entryOf(this.instances, `${version.resourceType}/${version.id}`, () => []).push(version);
    const live = entryOf(this.live, version.resourceType, () => new Map<string, Version>());
    live.delete(version.id);
    if (version.resource) live.set(version.id, version);
  }

  private rebuildLive(resourceType: string): void {
    const newest = new Map<string, Version>();
    for (const version of this.versions(resourceType)) {
      newest.delete(version.id);
      if (version.resource) newest.set(version.id, version);
    }
    this.live.set(resourceType, newest);
  }

  private index(resource: WithId<Resource>): void {
    for (const value of [...identifiersOf(resource), ...wholesOf(resource), ...otherIdsOf(resource)]) {
      const key = indexKey(resource.resourceType, value);
      entryOf(this.idsByValue, key, () => new Set<string>()).add(resource.id);
    }
  }
}

function identifiersOf(resource: Resource): IndexedValue[] {
  return convertToSearchableTokens(valuesOf(resource, 'identifier')).flatMap(({ system, value }) =>
    system && value ? { parameter: 'identifier', value: `${system}|${value}` } : [],
  );
}

/** What it is part of, relative to a server: a reference may be absolute. */
function wholesOf(resource: Resource): IndexedValue[] {
  return valuesOf(resource, 'part-of').flatMap(({ value }) => {
    const [relative] = /[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]+$/.exec((value as Reference).reference ?? '') ?? [];
    return relative ? { parameter: 'part-of', value: relative } : [];
  });
}

function otherIdsOf(resource: Resource): IndexedValue[] {
  return valuesOf(resource, 'altid').map(({ value }) => ({ parameter: 'altid', value: String(value) }));
}

function valuesOf(resource: Resource, parameter: IndexedValue['parameter']): TypedValue[] {
  const expression = getSearchParameter(resource.resourceType, parameter)?.expression;
  return expression ? evalFhirPathTyped(expression, [toTypedValue(resource)]) : [];
}

/** Lower case, because the library's token search ignores case. */
function indexKey(resourceType: string, { parameter, value }: IndexedValue): string {
  return `${resourceType}|${parameter}|${value}`.toLowerCase();
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
