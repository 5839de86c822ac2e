import type { FhirRef } from '@bridge/contracts';
import type { Communication, Resource } from '@medplum/fhirtypes';
import { whereTo } from './communication-to-message';
import { readMark } from './reading';
import { refOf } from './resource-facts';

/**
 * What must stay in order has one key: a conversation with its messages and with what is read of it. Told by the
 * resource alone, without a look-up.
 */
export function orderingKey(resource: Resource): FhirRef {
  if (resource.resourceType === 'Communication') return keyOfCommunication(resource);
  if (resource.resourceType !== 'Task' && resource.resourceType !== 'AuditEvent') return refOf(resource);
  const mark = readMark(resource);
  return mark?.conversation ?? mark?.what ?? refOf(resource);
}

function keyOfCommunication(communication: Communication): FhirRef {
  const { request, careTeam, subject } = whereTo(communication);
  return request ?? careTeam ?? subject ?? refOf(communication);
}
