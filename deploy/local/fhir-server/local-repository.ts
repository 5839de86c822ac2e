import {
  OperationOutcomeError,
  type SearchRequest,
  type WithId,
  badRequest,
  deepClone,
  formatSearchQuery,
  gone,
  notFound,
  preconditionFailed,
  validateResource,
} from '@medplum/core';
import {
  type CreateResourceOptions,
  MemoryRepository,
  type UpdateResourceOptions,
} from '@medplum/fhir-router';
import type {
  Bundle,
  BundleEntry,
  OperationOutcome,
  OperationOutcomeIssue,
  Resource,
} from '@medplum/fhirtypes';
import { historyBundle } from './history';
import { findMatches } from './resource-search';
import type { ResourceStore, Version } from './resource-store';
import { findIncluded } from './search-includes';
import { SearchPages } from './search-pages';
import { checkSubscription } from './subscription-channel';
import { supportedSearch } from './supported-search';

const defaultPageSize = 100;
const largestPageSize = 1000;

type PatchOperations = Parameters<MemoryRepository['patchResource']>[2];
type ConditionalResult<T extends Resource> = Promise<{ resource: WithId<T>; outcome: OperationOutcome }>;

/**
 * The repository behind the router. What the library's in-memory one lacks is done here on our own store:
 * server-set versions and times, deletions in the history, rollback of a failed transaction, indexed and paged
 * search, validation. Inherited from it: JSON Patch and the conditional interactions.
 *
 * It awaits between search and write, so it is atomic only when requests are taken one at a time.
 */
export class LocalRepository extends MemoryRepository {
  private readonly pages = new SearchPages();
  private inTransaction = false;

  constructor(
    private readonly store: ResourceStore,
    private readonly baseUrl: string,
  ) {
    super();
  }

  override async createResource<T extends Resource>(
    resource: T,
    options?: CreateResourceOptions,
  ): Promise<WithId<T>> {
    // The id in a created resource counts only inside a Bundle, where the router has chosen it itself.
    const id = options?.assignedId && resource.id ? resource.id : this.generateId();
    return this.write('POST', { ...resource, id });
  }

  override async updateResource<T extends Resource>(
    resource: T,
    options?: UpdateResourceOptions,
  ): Promise<WithId<T>> {
    const { resourceType, id } = resource;
    if (!id) throw new OperationOutcomeError(badRequest('Missing id'));
    const current = this.store.latest(resourceType, id);
    if (options?.ifMatch && (!current?.resource || current.versionId !== options.ifMatch)) {
      throw new OperationOutcomeError(preconditionFailed);
    }
    return this.write('PUT', { ...resource, id });
  }

  override async patchResource<T extends Resource>(
    resourceType: T['resourceType'],
    id: string,
    patch: PatchOperations,
  ): Promise<WithId<T>> {
    if (patch.some((operation) => operation.path === '/id' || operation.path === '/resourceType')) {
      throw new OperationOutcomeError(badRequest('A patch cannot change the id or the type'));
    }
    return super.patchResource<T>(resourceType, id, patch);
  }

  override async deleteResource(resourceType: string, id: string): Promise<void> {
    const current = this.store.latest(resourceType, id);
    if (!current) throw new OperationOutcomeError(notFound);
    if (current.resource) this.store.delete(resourceType, id);
  }

  override async readResource<T extends Resource>(resourceType: string, id: string): Promise<T> {
    return contentOf<T>(this.store.latest(resourceType, id));
  }

  override async readVersion<T extends Resource>(
    resourceType: string,
    id: string,
    versionId: string,
  ): Promise<T> {
    return contentOf<T>(
      this.store.versions(resourceType, id).find((version) => version.versionId === versionId),
    );
  }

  override async readHistory<T extends Resource>(resourceType: string, id: string): Promise<Bundle<T>> {
    return historyBundle(this.store, this.baseUrl, { resourceType, id }, {}) as Bundle<T>;
  }

  override async search<T extends Resource>(searchRequest: SearchRequest<T>): Promise<Bundle<WithId<T>>> {
    const request = supportedSearch(searchRequest);
    const matches = request.cursor ? this.pages.find(request.cursor) : findMatches(this.store, request);
    const count = Math.min(request.count ?? defaultPageSize, largestPageSize);
    const offset = request.offset ?? 0;
    const page = matches.slice(offset, offset + count);
    const included = findIncluded(this.store, page, request.include ?? []);
    const entry = [
      ...page.map((version) => this.searchEntry(version, 'match')),
      ...included.map((version) => this.searchEntry(version, 'include')),
    ];
    const bundle: Bundle = { resourceType: 'Bundle', type: 'searchset', total: matches.length };
    if (entry.length > 0) bundle.entry = entry;
    if (count > 0 && matches.length > offset + count) {
      const { resourceType, include } = request;
      const cursor = request.cursor ?? this.pages.keep(matches);
      const next = formatSearchQuery({ resourceType, include, cursor, offset: offset + count, count });
      bundle.link = [{ relation: 'next', url: `${this.baseUrl}/${resourceType}${next}` }];
    }
    return bundle as Bundle<WithId<T>>;
  }

  override async conditionalCreate<T extends Resource>(
    resource: T,
    search: SearchRequest<T>,
    options?: CreateResourceOptions,
  ): ConditionalResult<T> {
    requireCriteria(search);
    return super.conditionalCreate(resource, search, options);
  }

  override async conditionalUpdate<T extends Resource>(
    resource: T,
    search: SearchRequest,
    options?: CreateResourceOptions & UpdateResourceOptions,
  ): ConditionalResult<T> {
    requireCriteria(search);
    return super.conditionalUpdate(resource, search, options);
  }

  override async conditionalDelete(search: SearchRequest): Promise<void> {
    requireCriteria(search);
    return super.conditionalDelete(search);
  }

  override async conditionalPatch(search: SearchRequest, patch: PatchOperations): Promise<WithId<Resource>> {
    requireCriteria(search);
    return super.conditionalPatch(search, patch);
  }

  override async withTransaction<TResult>(
    callback: (client: undefined) => Promise<TResult>,
  ): Promise<TResult> {
    // A conditional write inside a transaction Bundle belongs to the Bundle's transaction.
    if (this.inTransaction) return callback(undefined);
    const mark = this.store.mark();
    this.inTransaction = true;
    try {
      return await callback(undefined);
    } catch (error) {
      this.store.rollBack(mark);
      throw error;
    } finally {
      this.inTransaction = false;
    }
  }

  private write<T extends Resource>(method: 'POST' | 'PUT', resource: WithId<T>): WithId<T> {
    refuseMisledReferences(validateResource(resource));
    if (resource.resourceType === 'Subscription') checkSubscription(resource);
    return this.store.write(method, resource);
  }

  private searchEntry(version: Version, mode: 'match' | 'include'): BundleEntry {
    const fullUrl = `${this.baseUrl}/${version.resourceType}/${version.id}`;
    return { fullUrl, resource: version.resource, search: { mode } };
  }
}

/** The library only warns of references to a type that R4 does not allow there. HAPI FHIR, for one, refuses them. */
function refuseMisledReferences(warnings: readonly OperationOutcomeIssue[]): void {
  const issue = warnings
    .filter(({ code }) => code === 'structure')
    .map((warning) => ({ ...warning, severity: 'error' as const }));
  if (issue.length > 0) throw new OperationOutcomeError({ resourceType: 'OperationOutcome', issue });
}

/** A copy, because a patch is applied in place. */
function contentOf<T extends Resource>(version: Version | undefined): T {
  if (!version) throw new OperationOutcomeError(notFound);
  if (!version.resource) throw new OperationOutcomeError(gone);
  return deepClone(version.resource) as Resource as T;
}

/** Without criteria a conditional interaction would take whichever resource happens to be the only one. */
function requireCriteria(search: SearchRequest): void {
  if (supportedSearch(search).filters?.length === 0) {
    throw new OperationOutcomeError(badRequest('A conditional interaction needs search criteria'));
  }
}
