import { FhirRef, parseFhirRef, typeOf } from '@bridge/contracts';
import type { AuditEvent, Practitioner, Task } from '@medplum/fhirtypes';
import { fromMatrix, systems } from './fhir-systems';
import { referenceTo } from './reference-to';

/** Somebody has read up to a message, by what the record says. */
export interface ReadMark {
  /** As referenced: a PractitionerRole is not yet a person. */
  readonly reader: FhirRef;
  /** The Communication, or the CommunicationRequest whose first message it is. */
  readonly what: FhirRef;
  /** Where the resource itself tells it. */
  readonly conversation: FhirRef | undefined;
}

/** What the bridge knows when somebody has read in Matrix. */
export interface Reading {
  readonly reader: FhirRef;
  readonly what: FhirRef;
  readonly readAt: Date;
  /** Our server name. */
  readonly serverName: string;
}

/** States of a Task that is still to be done (FHIR R4, task-status). */
export const openTaskStatus = [
  'requested',
  'received',
  'accepted',
  'ready',
  'in-progress',
  'on-hold',
] as const;

/** Search parameters of the Tasks and AuditEvents that can be read marks. */
export const readMarkSearch = {
  Task: { status: 'completed' },
  AuditEvent: { action: 'R', subtype: `${systems.lifecycle}|access` },
} as const;

/**
 * Reads a completed Task, or an AuditEvent of an access, as a mark that somebody has read.
 * @returns undefined when it is something else, or what the bridge has written itself
 */
export function readMark(resource: Task | AuditEvent): ReadMark | undefined {
  return resource.resourceType === 'Task' ? markOfTask(resource) : markOfAuditEvent(resource);
}

/** The Task that is left when its owner has read. Undefined when it is not open. */
export function completed(task: Task, readAt: Date): Task | undefined {
  if (!openTaskStatus.some((status) => status === task.status)) return undefined;
  return { ...task, status: 'completed', lastModified: readAt.toISOString() };
}

/** That somebody has read in Matrix. To be created only where `readEventQuery` finds none. */
export function toAuditEvent({ reader, what, readAt, serverName }: Reading): AuditEvent {
  const bridge = `urn:fhir-matrix-bridge:${serverName}`;
  return {
    resourceType: 'AuditEvent',
    meta: { source: bridge, tag: [{ system: systems.bridgeTag, code: fromMatrix }] },
    type: { system: systems.auditEventType, code: 'rest', display: 'RESTful Operation' },
    subtype: [{ system: systems.lifecycle, code: 'access', display: 'Access/View Record Lifecycle Event' }],
    action: 'R',
    recorded: readAt.toISOString(),
    outcome: '0',
    agent: [{ who: referenceTo<Practitioner>(reader), requestor: true }],
    source: { observer: { identifier: { system: 'urn:ietf:rfc:3986', value: bridge } } },
    entity: [{ what: referenceTo(what) }],
  };
}

/** For the conditional create: one reader, one Communication, one AuditEvent of ours. */
export function readEventQuery({ reader, what }: Pick<Reading, 'reader' | 'what'>): string {
  const parameters = {
    _tag: `${systems.bridgeTag}|${fromMatrix}`,
    agent: reader,
    entity: what,
    action: 'R',
  };
  return new URLSearchParams(parameters).toString();
}

function markOfTask(task: Task): ReadMark | undefined {
  const reader = parseFhirRef(task.owner?.reference);
  const what = parseFhirRef(task.focus?.reference);
  const conversation = (task.basedOn ?? [])
    .map(({ reference }) => parseFhirRef(reference))
    .find((ref) => ref !== undefined && typeOf(ref) === 'CommunicationRequest');
  if (task.status !== 'completed' || !reader || !conversation || !isMessage(what)) return undefined;
  return { reader, what, conversation };
}

function markOfAuditEvent(event: AuditEvent): ReadMark | undefined {
  const isOurs = event.meta?.tag?.some(
    ({ system, code }) => system === systems.bridgeTag && code === fromMatrix,
  );
  const isAccess = event.subtype?.some(
    ({ system, code }) => system === systems.lifecycle && code === 'access',
  );
  const agents = event.agent ?? [];
  const agent = agents.find(({ requestor }) => requestor) ?? agents[0];
  const reader = parseFhirRef(agent?.who?.reference);
  const what = (event.entity ?? []).map((entity) => parseFhirRef(entity.what?.reference)).find(isMessage);
  if (isOurs || !isAccess || event.action !== 'R' || !reader || !what) return undefined;
  return { reader, what, conversation: typeOf(what) === 'CommunicationRequest' ? what : undefined };
}

function isMessage(ref: FhirRef | undefined): ref is FhirRef {
  return ref !== undefined && ['Communication', 'CommunicationRequest'].includes(typeOf(ref));
}
