import { type FhirRef, idOf } from '@bridge/contracts';
import type { CareTeam, Communication, PractitionerRole, Resource } from '@medplum/fhirtypes';

/** The version that a deletion is. */
export interface EndOfResource {
  readonly ref: FhirRef;
  readonly versionId: string;
  readonly lastUpdated: string;
}

/**
 * What the last version of a Communication tells of where it belonged: enough to take back what it said, and none of
 * its words. Undefined for every other resource: what the bridge has stored of those is enough.
 */
export function remainsOf(last: Resource | undefined): Communication | undefined {
  if (last?.resourceType !== 'Communication') return undefined;
  const { id, meta, identifier, partOf, basedOn, recipient, subject, sender } = last;
  return {
    resourceType: 'Communication',
    status: 'entered-in-error',
    id,
    meta: { tag: meta?.tag },
    identifier,
    partOf,
    basedOn,
    recipient,
    subject,
    sender,
  };
}

/** A deleted Communication is taken for one that was entered in error. */
export function endedCommunication(end: EndOfResource, remains: Communication | undefined): Communication {
  return {
    ...(remains ?? { resourceType: 'Communication' }),
    status: 'entered-in-error',
    ...identity(end, remains),
  };
}

/** A deleted CareTeam is taken for an inactive one. */
export function endedCareTeam(end: EndOfResource, subject: FhirRef | null): CareTeam {
  return {
    resourceType: 'CareTeam',
    status: 'inactive',
    ...identity(end),
    ...(subject ? { subject: { reference: subject } } : {}),
  };
}

/** A deleted PractitionerRole is nobody's any more. */
export function endedRole(end: EndOfResource): PractitionerRole {
  return { resourceType: 'PractitionerRole', active: false, ...identity(end) };
}

function identity({ ref, versionId, lastUpdated }: EndOfResource, remains?: Resource) {
  return { id: idOf(ref), meta: { ...remains?.meta, versionId, lastUpdated } };
}
