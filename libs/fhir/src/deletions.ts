import { Injectable } from '@nestjs/common';
import { FhirRef, parseFhirRef } from '@bridge/contracts';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';
import { FhirClient } from './fhir-client';
import { FhirRefusal } from './fhir-failure';

/** The end of a resource, as the history of its server tells it. */
export interface Deletion {
  readonly ref: FhirRef;
  /** Of the version that is the deletion; empty where the server does not say. */
  readonly versionId: string;
  /** HAPI does not say. */
  readonly deletedAt: Date | undefined;
}

/** A deletion with the last version that there was before it. */
export interface DeletionOf extends Deletion {
  /** Where the server does not say: right after the last version, which is what counts for the order of versions. */
  readonly deletedAt: Date;
  readonly last: Resource | undefined;
}

export interface HistoryPage {
  readonly deletions: readonly Deletion[];
  /** The newest instant on the page, of whatever version. */
  readonly newest: Date | undefined;
}

/**
 * What was deleted on the FHIR server: no search shows it, and a classic R4 Subscription does not tell of it. The
 * history does (R4, http.html#history), where a server keeps one.
 */
@Injectable()
export class Deletions {
  constructor(private readonly fhir: FhirClient) {}

  /** All that was deleted of a type since an instant, page by page, the newest first. */
  async *since(type: string, since: Date): AsyncGenerator<HistoryPage> {
    const query = new URLSearchParams({ _since: since.toISOString(), _count: '200' });
    for (let url: string | undefined = `${type}/_history?${query.toString()}`; url;) {
      const page: Bundle = await this.fhir.get<Bundle>('read a history', url);
      const entries = (page.entry ?? []).map((entry) => ({ entry, at: instantOf(entry) }));
      yield {
        deletions: entries.flatMap(({ entry }) => deletionIn(entry) ?? []),
        newest: latest(entries.map(({ at }) => at)),
      };
      url = page.link?.find(({ relation }) => relation === 'next')?.url;
    }
  }

  /**
   * How one resource ended.
   * @returns undefined where it is there, was never there, or the server keeps no history that tells when it ended
   */
  async of(ref: FhirRef): Promise<DeletionOf | undefined> {
    const history = await this.historyOf(ref);
    const [newest] = history;
    const deletion = newest && deletionIn(newest);
    const last = history.find(({ resource }) => resource)?.resource;
    const deletedAt = deletion?.deletedAt ?? rightAfter(last);
    return deletion && deletedAt && { ...deletion, ref, deletedAt, last };
  }

  private async historyOf(ref: FhirRef): Promise<BundleEntry[]> {
    try {
      return (await this.fhir.get<Bundle>('read a history', `${ref}/_history?_count=10`)).entry ?? [];
    } catch (error) {
      if (error instanceof FhirRefusal) return [];
      throw error;
    }
  }
}

/** Its reference is in `fullUrl` or in the URL of the request, which HAPI writes with the version. */
function deletionIn(entry: BundleEntry): Deletion | undefined {
  if (entry.request?.method !== 'DELETE') return undefined;
  const ref = parseFhirRef(entry.fullUrl) ?? parseFhirRef(entry.request.url);
  return ref && { ref, versionId: versionIn(entry), deletedAt: instantOf(entry) };
}

function rightAfter(version: Resource | undefined): Date | undefined {
  const at = Date.parse(version?.meta?.lastUpdated ?? '');
  return Number.isNaN(at) ? undefined : new Date(at + 1);
}

function instantOf({ response, resource }: BundleEntry): Date | undefined {
  const at = Date.parse(response?.lastModified ?? resource?.meta?.lastUpdated ?? '');
  return Number.isNaN(at) ? undefined : new Date(at);
}

function versionIn({ response, request }: BundleEntry): string {
  const [, tag] = /^(?:W\/)?"([^"]+)"$/.exec(response?.etag ?? '') ?? [];
  const [, named] = /\/_history\/([A-Za-z0-9\-.]+)$/.exec(request?.url ?? '') ?? [];
  return tag ?? named ?? '';
}

function latest(instants: readonly (Date | undefined)[]): Date | undefined {
  return instants.reduce((best, each) => (each && (!best || each > best) ? each : best), undefined);
}
