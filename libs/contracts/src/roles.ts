/** A care team member's role, as far as power levels go. */
export type CareTeamRole = 'lead' | 'professional' | 'related-person' | 'patient';

/** Their role where no care team gives one: by the type of their resource. */
export function roleOfType(resourceType: string): CareTeamRole {
  if (resourceType === 'Patient') return 'patient';
  return resourceType === 'RelatedPerson' ? 'related-person' : 'professional';
}

const byStrength: readonly CareTeamRole[] = ['patient', 'related-person', 'professional', 'lead'];

/** Of two roles of one person the one that counts: who leads in one of them leads. */
export function strongerRole(one: CareTeamRole, other: CareTeamRole): CareTeamRole {
  return byStrength.indexOf(one) >= byStrength.indexOf(other) ? one : other;
}
