import { clinicalTypes } from './clinical';

/** The resource types that the bridge follows however it is configured. */
export const alwaysFollowedTypes = [
  'CareTeam',
  'CommunicationRequest',
  'Communication',
  'PractitionerRole',
  'Endpoint',
  'Practitioner',
  'RelatedPerson',
  'Patient',
] as const;

/** The resource types whose changes the bridge can follow; which of them it does is configured. */
export const followedTypes = [...alwaysFollowedTypes, 'AuditEvent', ...clinicalTypes] as const;
export type FollowedType = (typeof followedTypes)[number];
