import { FhirRef } from '@bridge/contracts';
import type { CareTeam, CareTeamParticipant } from '@medplum/fhirtypes';
import { withMember, withoutMember } from './care-team-membership';

const at = new Date('2026-03-10T12:00:00.123Z');
const instant = at.toISOString();
const person = FhirRef.parse('Practitioner/a');
const isPerson = (ref: string) => ref === person || ref === 'PractitionerRole/of-a';

const entry = (reference: string, more: Partial<CareTeamParticipant> = {}): CareTeamParticipant => ({
  member: { reference },
  ...more,
});
const team = (...participant: CareTeamParticipant[]): CareTeam => ({
  resourceType: 'CareTeam',
  id: 't',
  participant,
});
const other = entry('Practitioner/b', { period: { start: '2026-01-01' } });

describe('withoutMember', () => {
  it('ends the period of the person, and leaves everybody else as they are', () => {
    const role = [{ text: 'nurse' }];
    const before = team(other, entry(person, { role, period: { start: '2026-02-01' } }));
    expect(withoutMember(before, isPerson, at)?.participant).toEqual([
      other,
      entry(person, { role, period: { start: '2026-02-01', end: instant } }),
    ]);
  });

  it('ends each of their entries, also as PractitionerRole and with an end ahead', () => {
    const before = team(entry('PractitionerRole/of-a'), entry(person, { period: { end: '2027' } }));
    expect(withoutMember(before, isPerson, at)?.participant?.map(({ period }) => period)).toEqual([
      { end: instant },
      { end: instant },
    ]);
  });

  it.each<[string, CareTeam]>([
    ['without them', team(other)],
    ['without participants', { resourceType: 'CareTeam' }],
    ['that they have left before', team(entry(person, { period: { end: '2026-03-09' } }))],
    ['that they are to join later', team(entry(person, { period: { start: '2026-04-01' } }))],
    ['with participants who have no reference', team({ member: { display: 'a' } }, {})],
  ])('changes nothing in a team %s', (_words, careTeam) => {
    expect(withoutMember(careTeam, isPerson, at)).toBeUndefined();
  });

  it('changes nothing when it is done again', () => {
    const after = withoutMember(team(entry(person)), isPerson, at)!;
    expect(withoutMember(after, isPerson, at)).toBeUndefined();
  });
});

describe('withMember', () => {
  it('adds the person from now on', () => {
    expect(withMember(team(other), person, isPerson, at)?.participant).toEqual([
      other,
      { member: { reference: person, type: 'Practitioner' }, period: { start: instant } },
    ]);
    expect(withMember({ resourceType: 'CareTeam' }, person, isPerson, at)?.participant).toHaveLength(1);
  });

  it('gives who comes back the role they had, in an entry of its own', () => {
    const role = [{ text: 'nurse' }];
    const past = entry('PractitionerRole/of-a', { id: 'x', role, period: { end: '2026-03-01' } });
    expect(withMember(team(past, other), person, isPerson, at)?.participant).toEqual([
      past,
      other,
      { ...entry('PractitionerRole/of-a', { role }), period: { start: instant } },
    ]);
  });

  it.each<[string, CareTeam]>([
    ['who takes part', team(entry(person))],
    ['who takes part as PractitionerRole', team(entry('PractitionerRole/of-a'))],
  ])('changes nothing for somebody %s', (_words, careTeam) => {
    expect(withMember(careTeam, person, isPerson, at)).toBeUndefined();
  });

  it('does not bring somebody back who has left since, when an old joining is told again', () => {
    const joined = withMember(team(), person, isPerson, at)!;
    const left = withoutMember(joined, isPerson, new Date(at.getTime() + 60_000))!;
    expect(withMember(left, person, isPerson, at)).toBeUndefined();
  });
});
