import { FhirRef } from '@bridge/contracts';
import type { CommunicationRequest, Communication, Patient, Practitioner, Task } from '@medplum/fhirtypes';
import { fromMatrix, systems } from './fhir-systems';
import { referenceTo } from './reference-to';

/** Whose Task it is, and of which conversation: there is one for each pair. */
export interface TaskPlace {
  readonly conversation: FhirRef;
  readonly owner: FhirRef;
}

/** That somebody has not read the newest message of a conversation. To be created only where `unreadTaskQuery` finds none. */
export function toUnreadTask(
  { conversation, owner }: TaskPlace,
  {
    newest,
    subject,
    at,
    serverName,
  }: {
    readonly newest: FhirRef;
    readonly subject: FhirRef | null;
    readonly at: Date;
    readonly serverName: string;
  },
): Task {
  return {
    resourceType: 'Task',
    meta: {
      source: `urn:fhir-matrix-bridge:${serverName}`,
      tag: [{ system: systems.bridgeTag, code: fromMatrix }],
    },
    identifier: [{ system: systems.unreadTask, value: nameOf({ conversation, owner }) }],
    basedOn: [referenceTo<CommunicationRequest>(conversation)],
    status: 'requested',
    intent: 'order',
    focus: referenceTo<Communication>(newest),
    ...(subject ? { for: referenceTo<Patient>(subject) } : {}),
    authoredOn: at.toISOString(),
    lastModified: at.toISOString(),
    owner: referenceTo<Practitioner>(owner),
  };
}

/** `identifier=…` for the conditional create: one person, one conversation, one Task of ours. */
export function unreadTaskQuery(place: TaskPlace): string {
  return `identifier=${encodeURIComponent(`${systems.unreadTask}|${nameOf(place)}`)}`;
}

/**
 * A Task whose owner has something new to read.
 * @returns undefined when there is nothing to change: it says so already, or its owner wants to hear no more of it
 */
export function withNewest(task: Task, newest: FhirRef, at: Date): Task | undefined {
  if (given.has(task.status)) return undefined;
  if (task.focus?.reference === newest) return undefined;
  return {
    ...task,
    status: 'requested',
    focus: referenceTo<Communication>(newest),
    lastModified: at.toISOString(),
  };
}

/** States in which a Task was ended by somebody, other than by reading (R4, task-status). */
const given: ReadonlySet<Task['status']> = new Set(['rejected', 'cancelled', 'failed', 'entered-in-error']);

function nameOf({ conversation, owner }: TaskPlace): string {
  return `${conversation} ${owner}`;
}
