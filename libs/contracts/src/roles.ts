/** A care team member's role, as far as power levels go. */
export type CareTeamRole = 'lead' | 'professional' | 'related-person' | 'patient';

/** Their role where no care team gives one: by the type of their resource. */
export function roleOfType(resourceType: string): CareTeamRole {
  if (resourceType === 'Patient') return 'patient';
  return resourceType === 'RelatedPerson' ? 'related-person' : 'professional';
}
