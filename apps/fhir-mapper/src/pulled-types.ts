import type { FollowedType } from '@bridge/contracts';
import { type ClinicalResource, type PersonResource, readMark, readMarkSearch } from '@bridge/mapping';
import type {
  AuditEvent,
  CareTeam,
  Communication,
  CommunicationRequest,
  Endpoint,
  PractitionerRole,
  Task,
} from '@medplum/fhirtypes';
import type { MapperConfig } from './mapper-config';

/** What the bridge follows on the FHIR server. */
export type Pulled =
  | CareTeam
  | CommunicationRequest
  | Communication
  | PersonResource
  | PractitionerRole
  | Endpoint
  | Task
  | AuditEvent
  | ClinicalResource;

export interface PulledType {
  readonly type: FollowedType;
  /** Further search parameters, such as every server understands: what does not matter is not read. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Of what has been read: whether the bridge has anything to do with it. */
  readonly matters: (resource: Pulled) => boolean;
  /** Where the first pull begins. What was read before the bridge came is of no use, and there may be a lot of it. */
  readonly begins: 'with-everything' | 'now';
}

const everything = { parameters: {}, matters: () => true, begins: 'with-everything' } as const;
/** People who matter are read with their care team: only what changes afterwards is followed. */
const people = { ...everything, begins: 'now' } as const;
/** A record holds years of these: they are told as they happen. */
const changes = { ...everything, begins: 'now' } as const;
const readMarks = { matters: isReadMark, begins: 'now' } as const;

/**
 * In this order, so that a team is on its way before its conversations, a conversation before its messages, and a
 * message before it is read. A further type takes a line here, one in `followedTypes`, and one in
 * ChangedController.
 */
export function pulledTypes(config: Pick<MapperConfig, 'marks' | 'clinicalTypes'>): readonly PulledType[] {
  return [
    { type: 'CareTeam', ...everything },
    { type: 'CommunicationRequest', ...everything },
    { type: 'Communication', ...everything },
    { type: 'PractitionerRole', ...people },
    { type: 'Endpoint', ...people },
    { type: 'Practitioner', ...people },
    { type: 'RelatedPerson', ...people },
    { type: 'Patient', ...people },
    // A Task can be a read mark or a line: it is read once for both.
    ...config.clinicalTypes.map((type) => ({ ...changes, type })),
    ...(config.marks('Task') && !config.clinicalTypes.includes('Task')
      ? [{ type: 'Task', parameters: readMarkSearch.Task, ...readMarks } as const]
      : []),
    ...(config.marks('AuditEvent')
      ? [{ type: 'AuditEvent', parameters: readMarkSearch.AuditEvent, ...readMarks } as const]
      : []),
  ];
}

function isReadMark(resource: Pulled): boolean {
  const canBe = resource.resourceType === 'Task' || resource.resourceType === 'AuditEvent';
  return canBe && readMark(resource) !== undefined;
}
