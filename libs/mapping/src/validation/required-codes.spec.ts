import type { Resource } from '@medplum/fhirtypes';
import { codeIssues } from './required-codes';

const pathsOf = (resource: object) =>
  codeIssues(resource as Resource).flatMap(({ expression }) => expression);

describe('codes that R4 binds as required', () => {
  it('are found where they are none', () => {
    expect(pathsOf({ resourceType: 'Communication', status: 'done', priority: 'high' })).toEqual([
      'Communication.status',
      'Communication.priority',
    ]);
    expect(pathsOf({ resourceType: 'CareTeam', status: 'open' })).toEqual(['CareTeam.status']);
  });

  it('are found within lists, with their place', () => {
    const telecom = [{ system: 'other', use: 'work' }, { system: 'matrix' }, { use: 'private' }];
    expect(pathsOf({ resourceType: 'Practitioner', telecom })).toEqual([
      'Practitioner.telecom[1].system',
      'Practitioner.telecom[2].use',
    ]);
  });

  it('are not repeated: whatever stands there may be about somebody', () => {
    const issues = codeIssues({ resourceType: 'CareTeam', status: 'Willemijn' } as unknown as Resource);
    expect(issues).toEqual([{ severity: 'error', code: 'code-invalid', expression: ['CareTeam.status'] }]);
  });

  it('may be left out, as far as a code check goes, and are not asked of types that the bridge does not map', () => {
    expect(pathsOf({ resourceType: 'CareTeam' })).toEqual([]);
    expect(pathsOf({ resourceType: 'Observation', status: 'x' })).toEqual([]);
  });

  it('are right as R4 has them', () => {
    expect(pathsOf({ resourceType: 'Task', status: 'requested', intent: 'order' })).toEqual([]);
    expect(pathsOf({ resourceType: 'CommunicationRequest', status: 'on-hold' })).toEqual([]);
    const patient = { resourceType: 'Patient', gender: 'female', name: [{ use: 'maiden' }] };
    expect(pathsOf(patient)).toEqual([]);
  });
});
