import { z } from 'zod';

/** The resource that the path of a notification names. */
export interface NamedResource {
  readonly resourceType: string;
  readonly id: string;
}

const Resource = z.looseObject({ resourceType: z.string(), id: z.string() });

/**
 * What is wrong with a notification, in words that hold nothing of it; undefined when nothing is.
 * @param named what the path names; a notification without it may be empty
 */
export function faultOf(body: Uint8Array, named: NamedResource | undefined): string | undefined {
  if (!named && body.length === 0) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return 'not JSON';
  }
  if (!named) return undefined;
  const resource = Resource.safeParse(content);
  if (!resource.success) return 'not a resource with an id';
  const { resourceType, id } = resource.data;
  return resourceType === named.resourceType && id === named.id
    ? undefined
    : 'not the resource that the path names';
}
