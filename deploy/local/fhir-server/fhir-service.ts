import {
  OperationOutcomeError,
  allOk,
  badRequest,
  getStatus,
  notFound,
  preconditionFailed,
} from '@medplum/core';
import { type FhirRequest, FhirRouter, type HttpMethod } from '@medplum/fhir-router';
import type { OperationOutcome, Resource } from '@medplum/fhirtypes';
import { completeBatchResponse } from './batch-response';
import { capabilityStatement } from './capability-statement';
import { historyBundle } from './history';
import { LocalRepository } from './local-repository';
import { ResourceStore, type Version } from './resource-store';
import type { StatusChange } from './subscription-engine';
import type { TopicEvents, TopicStatus } from './topic-events';
import { topicHookOf } from './topic-subscription';

/** One FHIR interaction, free of HTTP's wrapping. */
export interface Interaction {
  readonly method: string;
  /** Path below the base URL, with the query, without a leading slash. */
  readonly url: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly ifNoneExist?: string;
}

export interface InteractionResult {
  readonly status: number;
  readonly outcome: OperationOutcome;
  readonly resource?: Resource;
}

/**
 * The FHIR server without HTTP and without deliveries: takes interactions one at a time, and tells of what each
 * of them committed.
 *
 * One at a time, because the library searches, awaits, and then writes: two conditional creates running side by
 * side would both find nothing. In memory nothing is gained by running them side by side.
 */
export class FhirService {
  private readonly store = new ResourceStore();
  private readonly repository: LocalRepository;
  private readonly router: FhirRouter;
  private lastTurn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly baseUrl: string,
    private readonly events: TopicEvents,
    private readonly onCommitted: (versions: readonly Version[]) => void,
  ) {
    this.repository = new LocalRepository(this.store, baseUrl);
    this.router = this.buildRouter();
  }

  /** Performs one interaction; what goes wrong is in the result. */
  handle(interaction: Interaction): Promise<InteractionResult> {
    return this.takeTurn(async (mark) => {
      const refusal = this.checkIfMatch(interaction);
      if (refusal) return { status: getStatus(refusal), outcome: refusal };
      const [outcome, resource] = await this.router.handleRequest(toRequest(interaction), this.repository);
      return this.toResult(interaction, outcome, resource, this.store.since(mark));
    });
  }

  /** Moves a Subscription to another status on the server's own behalf. */
  async changeSubscriptionStatus({ id, from, to, error }: StatusChange): Promise<void> {
    await this.takeTurn(async () => {
      const current = this.store.latest('Subscription', id)?.resource;
      if (current?.resourceType !== 'Subscription' || current.status !== from) return;
      // Without a reason the past one goes: it would contradict the status.
      await this.repository.updateResource({ ...current, status: to, error });
    });
  }

  private takeTurn<T>(work: (mark: number) => Promise<T>): Promise<T> {
    const turn = this.lastTurn.then(async () => {
      const mark = this.store.mark();
      const result = await work(mark);
      this.onCommitted(this.store.since(mark));
      return result;
    });
    // A turn that failed is its caller's affair, not the next one's.
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private buildRouter(): FhirRouter {
    const router = new FhirRouter();
    const { routes } = router.router;
    // Not offered: the library's in-memory repository cannot search several types, and nobody asks for GraphQL.
    const unwanted = routes.filter(
      ({ path, data }) =>
        data?.interaction === 'search-system' ||
        // Replaced below by one that knows _since.
        data?.interaction === 'history-instance' ||
        path[0]?.value === '$graphql',
    );
    for (const route of unwanted) routes.splice(routes.indexOf(route), 1);

    const statement = capabilityStatement(this.baseUrl, new Date());
    router.add('GET', 'metadata', async () => [allOk, statement]);
    const history = async ({ params, query }: FhirRequest): Promise<[OperationOutcome, Resource]> => [
      allOk,
      historyBundle(
        this.store,
        this.baseUrl,
        { resourceType: params['resourceType'], id: params['id'] },
        query,
      ),
    ];
    router.add('GET', '_history', history, 'history-system');
    router.add('GET', ':resourceType/_history', history, 'history-type');
    router.add('GET', ':resourceType/:id/_history', history, 'history-instance');
    router.add('GET', 'Subscription/:id/$status', async ({ params }) => [
      allOk,
      this.events.bundle('query-status', this.topicStatus(params['id'])),
    ]);
    router.add('GET', 'Subscription/:id/$events', async ({ params, query }) => [
      allOk,
      this.events.bundle(
        'query-event',
        this.topicStatus(params['id']),
        Number(query['eventsSinceNumber'] ?? 1),
        Number(query['eventsUntilNumber'] ?? Infinity),
      ),
    ]);
    return router;
  }

  /** @throws OperationOutcomeError 404 when there is no such topic-based Subscription */
  private topicStatus(id = ''): TopicStatus {
    const subscription = this.store.latest('Subscription', id)?.resource;
    const hook = subscription?.resourceType === 'Subscription' ? topicHookOf(subscription) : undefined;
    if (subscription?.resourceType !== 'Subscription' || !hook) throw new OperationOutcomeError(notFound);
    return { id, status: subscription.status, hook };
  }

  /** The router reads `If-Match` for PUT by id alone and overlooks a malformed one: a lost update waiting. */
  private checkIfMatch({ method, url, ifMatch }: Interaction): OperationOutcome | undefined {
    if (ifMatch === undefined || !['PUT', 'PATCH', 'DELETE'].includes(method)) return undefined;
    const [, versionId] = /^(?:W\/)?"([^"]+)"$/.exec(ifMatch.trim()) ?? [];
    const [resourceType = '', id] = url.split('?')[0]?.split('/') ?? [];
    if (!versionId || !id) return badRequest('If-Match must be W/"<versionId>" and go with one resource');
    const current = this.store.latest(resourceType, id);
    return current?.resource && current.versionId === versionId ? undefined : preconditionFailed;
  }

  private toResult(
    { method }: Interaction,
    outcome: OperationOutcome,
    resource: Resource | undefined,
    changes: readonly Version[],
  ): InteractionResult {
    const status = getStatus(outcome);
    if (status === 200 && method === 'DELETE') return { status: 204, outcome };
    if (
      resource?.resourceType === 'Bundle' &&
      ['batch-response', 'transaction-response'].includes(resource.type)
    ) {
      return { status, outcome, resource: completeBatchResponse(resource, changes, this.baseUrl) };
    }
    // An update may create its resource, which the router does not tell.
    return { status: status === 200 && changes[0]?.created ? 201 : status, outcome, resource };
  }
}

function toRequest({ method, url, body, ifMatch, ifNoneExist }: Interaction): FhirRequest {
  return {
    method: method as HttpMethod,
    url,
    pathname: '',
    params: {},
    query: {},
    body,
    headers: { 'if-match': ifMatch, 'if-none-exist': ifNoneExist },
    config: { transactions: true },
  };
}
