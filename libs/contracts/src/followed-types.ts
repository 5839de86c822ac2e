import { clinicalTypes } from './clinical';

/** The resource types whose changes the bridge can follow; which of them it does is configured. */
export const followedTypes = [
  'CareTeam',
  'CommunicationRequest',
  'Communication',
  'PractitionerRole',
  'Endpoint',
  'Practitioner',
  'RelatedPerson',
  'Patient',
  'AuditEvent',
  ...clinicalTypes,
] as const;
export type FollowedType = (typeof followedTypes)[number];
