import { FhirRef, type MessageOf, followedTypes, parseFhirRef, typeOf } from '@bridge/contracts';
import { z } from 'zod';
import { isNestedDeeperThan } from './nesting';
import { readTopicNotification } from './topic-notification';

/** A notification as it came, without what says who sent it. */
export type Call = {
  readonly body: Uint8Array;
} & (
  | {
      readonly method: 'POST';
      /** The segment of the path after the source, if any. */
      readonly last?: string;
      /** The header `X-Medplum-Deleted-Resource`. */
      readonly deleted?: string;
    }
  | { readonly method: 'PUT' | 'DELETE'; readonly type: string; readonly id: string }
);

type Told<K extends 'fhir.pull' | 'fhir.notified'> = Omit<MessageOf<K>, 'source'>;

/** What a notification says, without health data. */
export type Notification =
  | { readonly form: 'change'; readonly told: Told<'fhir.pull'> }
  | {
      readonly form: 'topic';
      readonly told: Told<'fhir.notified'>;
      /** Whether no other notification can have the same bytes, so that the same bytes are the same notification. */
      readonly isUnique: boolean;
    }
  /** The fault holds nothing of the notification. */
  | { readonly form: 'malformed'; readonly fault: string };

/** Far above any resource of FHIR, and far below what hurts. */
const MAX_LEVELS = 500;
/** When a Bundle has more types than this, any may have changed. */
const MAX_TYPES = 50;

const followed = new Set<string>(followedTypes);
const anyChange: Notification = { form: 'change', told: {} };

const TypeName = z.string().regex(/^[A-Z][A-Za-z]{0,63}$/);
const Resource = z.looseObject({ resourceType: TypeName, id: z.string().optional() });
const BundleOfChanges = z.object({
  type: z.enum(['transaction', 'batch', 'collection']),
  entry: z
    .array(
      z.object({
        resource: z.object({ resourceType: TypeName }).optional(),
        request: z.object({ method: z.string(), url: z.string() }).optional(),
      }),
    )
    .optional(),
});
/** What Google Pub/Sub pushes; the resource's name, or the resource itself, is in its `message`. */
const PubSubPush = z.object({ message: z.looseObject({ messageId: z.string() }), subscription: z.string() });
/** They tell of a Subscription, and only within a Bundle. */
const NO_CHANGE = new Set(['SubscriptionStatus', 'Parameters', 'OperationOutcome']);

/** Reads a notification in any of its published forms. Never fails: what cannot be read is `malformed`. */
export function readNotification(call: Call): Notification {
  if (call.method === 'POST') return readPost(call);
  const named = FhirRef.safeParse(`${call.type}/${call.id}`);
  if (!named.success) return malformed('the path names no resource');
  if (call.method === 'DELETE') return { form: 'change', told: { types: [call.type], gone: [named.data] } };
  return withContent(call.body, (content) => {
    const resource = Resource.safeParse(content);
    if (!resource.success || resource.data.id === undefined) return malformed('not a resource with an id');
    const { resourceType, id } = resource.data;
    return resourceType === call.type && id === call.id
      ? changeOf(resourceType)
      : malformed('not the resource that the path names');
  });
}

function readPost({ body, last, deleted }: Call & { method: 'POST' }): Notification {
  if (deleted !== undefined) {
    const gone = parseFhirRef(deleted);
    return gone
      ? { form: 'change', told: { types: [typeOf(gone)], gone: [gone] } }
      : malformed('no resource in X-Medplum-Deleted-Resource');
  }
  if (body.length === 0) return last !== undefined && followed.has(last) ? changeOf(last) : anyChange;
  return withContent(body, (content) => readPosted(content, last));
}

function readPosted(content: unknown, last: string | undefined): Notification {
  if (PubSubPush.safeParse(content).success || isEmptyObject(content)) return anyChange;
  const resource = Resource.safeParse(content);
  if (!resource.success) return malformed('not a resource');
  const { resourceType } = resource.data;
  if (resourceType === 'Bundle') return readTopicNotification(content) ?? readBundle(content);
  if (NO_CHANGE.has(resourceType)) return malformed('a resource that tells of no change');
  // FHIR's create, as Firely does it. A segment that is no type's name is the sender's own label.
  if (TypeName.safeParse(last).success && resourceType !== last) {
    return malformed('not of the type that the path names');
  }
  return changeOf(resourceType);
}

function readBundle(content: unknown): Notification {
  const bundle = BundleOfChanges.safeParse(content);
  if (!bundle.success) return malformed('a Bundle of no known form');
  const entries = bundle.data.entry ?? [];
  const gone = entries.flatMap(({ request }) =>
    request?.method === 'DELETE' ? (parseFhirRef(request.url) ?? []) : [],
  );
  const types = new Set([
    ...entries.flatMap(({ resource }) => resource?.resourceType ?? []),
    ...gone.map(typeOf),
  ]);
  const areAllNamed = entries.every(
    ({ resource, request }) => resource ?? (request?.method === 'DELETE' && parseFhirRef(request.url)),
  );
  return {
    form: 'change',
    told: {
      ...(types.size > 0 && types.size <= MAX_TYPES && areAllNamed && { types: [...types] }),
      ...(gone.length > 0 && { gone }),
    },
  };
}

function withContent(body: Uint8Array, read: (content: unknown) => Notification): Notification {
  if (isNestedDeeperThan(body, MAX_LEVELS)) return malformed(`nested deeper than ${MAX_LEVELS} levels`);
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return malformed('not JSON');
  }
  return read(content);
}

function changeOf(type: string): Notification {
  return { form: 'change', told: { types: [type] } };
}

function malformed(fault: string): Notification {
  return { form: 'malformed', fault };
}

function isEmptyObject(content: unknown): boolean {
  return z.strictObject({}).safeParse(content).success;
}
