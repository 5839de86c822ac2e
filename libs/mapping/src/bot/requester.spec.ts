import { CareTeamRole, FhirRef, UserId } from '@bridge/contracts';
import { mayArchive, memberWithAccount } from './requester';

const anna = UserId.parse('@anna:vvt.example');
const holder = (ref: string, accountUserId: UserId | null, role: CareTeamRole) => ({
  fhirRef: FhirRef.parse(ref),
  accountUserId,
  role,
});

describe('who speaks in Matrix', () => {
  it('is the member of the care team with this account', () => {
    const members = [
      holder('Practitioner/1', UserId.parse('@bob:vvt.example'), 'lead'),
      holder('RelatedPerson/2', null, 'related-person'),
      holder('Practitioner/3', anna, 'professional'),
    ];
    expect(memberWithAccount(members, anna)?.fhirRef).toBe('Practitioner/3');
  });

  it('is nobody the record knows there, when no member has it', () => {
    const ghostOnly = [holder('Practitioner/1', null, 'lead')];
    expect(memberWithAccount(ghostOnly, anna)).toBeUndefined();
    expect(memberWithAccount([], anna)).toBeUndefined();
  });

  it('is the strongest of several that one human is', () => {
    const members = [
      holder('RelatedPerson/1', anna, 'related-person'),
      holder('Practitioner/2', anna, 'professional'),
      holder('Patient/3', anna, 'patient'),
    ];
    expect(memberWithAccount(members, anna)?.fhirRef).toBe('Practitioner/2');
  });
});

describe('closing a conversation', () => {
  it('is for professionals, the lead among them', () => {
    const roles: CareTeamRole[] = ['lead', 'professional', 'related-person', 'patient'];
    expect(roles.filter(mayArchive)).toEqual(['lead', 'professional']);
  });
});
