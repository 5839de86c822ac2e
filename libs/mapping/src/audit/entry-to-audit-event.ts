import { FhirRef } from '@bridge/contracts';
import type { AuditEvent, AuditEventAgent, AuditEventEntity } from '@medplum/fhirtypes';
import { systems } from '../fhir-systems';
import { whoIs } from '../message-to-communication';
import {
  applicationServer,
  author,
  dataRepository,
  deedCodes,
  destinationRole,
  domainResource,
  jobStream,
  operatorRole,
  patientRole,
  person,
  sourceRole,
  systemObject,
  treatment,
} from './audit-codes';
import type { AuditEntry } from './audit-entry';

/** meta.tag of the AuditEvents in which the bridge tells what it did; those of people who read have the other one. */
export const auditTag = 'audit';

/** FHIR R4, audit-event-outcome: success, minor failure, serious failure. */
const outcomes = { done: '0', refused: '4', unknown: '8' } as const;

/**
 * Tells what was done as an R4 AuditEvent, after IHE BALP and NEN 7513: who, on whose behalf, to whom, what, when, how it
 * ended. To be created only where `auditEventQuery` finds none.
 * @param serverName ours, by which this deployment is known
 */
export function entryToAuditEvent(entry: AuditEntry, serverName: string): AuditEvent {
  const bridge = `urn:fhir-matrix-bridge:${serverName}`;
  const observer = { identifier: { system: 'urn:ietf:rfc:3986', value: bridge } };
  const { type, subtype, action } = deedCodes[entry.deed];
  const { patient, outcome, reason } = entry;
  const entity = entitiesOf(entry);
  return {
    resourceType: 'AuditEvent',
    meta: { source: bridge, tag: [{ system: systems.bridgeTag, code: auditTag }] },
    type,
    ...(subtype ? { subtype: [subtype] } : {}),
    action,
    period: { start: entry.startedAt.toISOString(), end: entry.endedAt.toISOString() },
    recorded: entry.endedAt.toISOString(),
    outcome: outcomes[outcome],
    ...(reason ? { outcomeDesc: reason } : {}),
    ...(patient ? { purposeOfEvent: [{ coding: [treatment] }] } : {}),
    agent: agentsOf(entry, observer),
    source: { observer, type: [applicationServer] },
    ...(entity.length > 0 ? { entity } : {}),
  };
}

/**
 * For the conditional create: one entry, one AuditEvent. The alternative id of the software agent is what R4 lets every
 * server search for (search parameter `altid`).
 */
export function auditEventQuery(id: string): string {
  return new URLSearchParams({ altid: id }).toString();
}

/** The same event, told under another id. */
export function retold(event: AuditEvent, id: string): AuditEvent {
  const agent = (event.agent ?? []).map((each) => (each.altId ? { ...each, altId: id } : each));
  return { ...event, agent };
}

function agentsOf(entry: AuditEntry, bridge: AuditEventAgent['who']): AuditEventAgent[] {
  const { id, by, to, operator } = entry;
  const isAsked = by !== undefined || operator !== undefined;
  return [
    ...(operator === undefined
      ? []
      : [{ type: { coding: [operatorRole] }, name: operator, requestor: true }]),
    ...(by ? [{ type: { coding: [author] }, who: whoOf(by), requestor: operator === undefined }] : []),
    { type: { coding: [sourceRole] }, who: bridge, altId: id, requestor: !isAsked },
    ...(to ? [{ type: { coding: [destinationRole] }, who: whoOf(to), requestor: false }] : []),
  ];
}

function whoOf(who: NonNullable<AuditEntry['by']>): AuditEventAgent['who'] {
  const resource = FhirRef.safeParse(who).data;
  if (resource) return { reference: resource };
  // Without the display that a record shows its readers: the identifier says all.
  const { identifier } = whoIs(who as Exclude<typeof who, FhirRef>, undefined);
  return { identifier };
}

function entitiesOf({ patient, what, room, event }: AuditEntry): AuditEventEntity[] {
  return [
    ...(patient ? [{ what: { reference: patient }, type: person, role: patientRole }] : []),
    ...what.map((reference) => ({ what: { reference }, type: systemObject, role: domainResource })),
    ...(room ? [{ what: identified(systems.roomId, room), type: systemObject, role: dataRepository }] : []),
    ...(event ? [{ what: identified(systems.eventId, event), type: systemObject, role: jobStream }] : []),
  ];
}

function identified(system: string, value: string) {
  return { identifier: { system, value } };
}
