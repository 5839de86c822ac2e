import { EventId, MatrixEvent } from '@bridge/contracts';
import type { Extension, Reference, Resource } from '@medplum/fhirtypes';
import { fhirString } from './fhir-string';
import { systems } from './fhir-systems';
import { isObject } from './is-object';

/** A reaction (`m.reaction`): to which message, and with what. */
export interface Reaction {
  readonly target: EventId;
  /** Usually an emoji. */
  readonly key: string;
}

/** What can carry a reaction: every resource that says something in a Room. */
export type Reactable = Resource & { extension?: Extension[] };

/** Longer than any emoji, name of one, or address of its image (`mxc://…`). */
const longestKey = 255;
/** On one message. More of them are no conversation any more, and would fill the resource. */
const mostReactions = 200;

/**
 * Reads a reaction (Matrix specification, "Event annotations and reactions").
 * @returns undefined when it is none that the record can hold
 */
export function readReaction(event: MatrixEvent): Reaction | undefined {
  const relation = event.content['m.relates_to'];
  if (!isObject(relation) || relation.rel_type !== 'm.annotation') return undefined;
  const target = EventId.safeParse(relation.event_id).data;
  const key = typeof relation.key === 'string' ? fhirString(relation.key) : undefined;
  return target && key && key.length <= longestKey ? { target, key } : undefined;
}

/**
 * The resource with the reaction in its set of (who, key). Its event is noted too, so that its redaction finds it.
 * @returns undefined when there is nothing to change: the same person has reacted so already, or the set is full
 */
export function withReaction<T extends Reactable>(
  resource: T,
  { key, who, eventId }: { readonly key: string; readonly who: Reference; readonly eventId: EventId },
): T | undefined {
  const reactions = reactionsOf(resource);
  const isThere = reactions.some(
    (reaction) => part(reaction, 'key')?.valueString === key && isSame(part(reaction, 'who'), who),
  );
  if (isThere || reactions.length >= mostReactions) return undefined;
  const reaction: Extension = {
    url: systems.reaction,
    extension: [
      { url: 'who', valueReference: who },
      { url: 'key', valueString: key },
      { url: 'event', valueIdentifier: { system: systems.eventId, value: eventId } },
    ],
  };
  return { ...resource, extension: [...(resource.extension ?? []), reaction] };
}

/** The resource without the reaction of this event; undefined when it is not there. */
export function withoutReaction<T extends Reactable>(resource: T, eventId: EventId): T | undefined {
  const gone = reactionsOf(resource).filter(
    (reaction) => part(reaction, 'event')?.valueIdentifier?.value === eventId,
  );
  if (gone.length === 0) return undefined;
  const rest = (resource.extension ?? []).filter((each) => !gone.includes(each));
  // FHIR allows no empty list.
  return { ...resource, extension: rest.length > 0 ? rest : undefined };
}

function reactionsOf({ extension = [] }: Reactable): Extension[] {
  return extension.filter(({ url }) => url === systems.reaction);
}

function part({ extension = [] }: Extension, name: string): Extension | undefined {
  return extension.find(({ url }) => url === name);
}

function isSame(existing: Extension | undefined, who: Reference): boolean {
  const { reference, identifier } = existing?.valueReference ?? {};
  return reference === who.reference && identifier?.value === who.identifier?.value;
}
