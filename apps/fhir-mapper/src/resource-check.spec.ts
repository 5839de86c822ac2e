import { PermanentError } from '@bridge/contracts';
import type { FhirClient } from '@bridge/fhir';
import type { Resource } from '@medplum/fhirtypes';
import { ResourceCheck, describe as describeOutcome } from './resource-check';

let check: ResourceCheck;
let assertWritable: (resource: Resource) => void;

beforeAll(() => {
  const fhir = { checkBeforeWrite: (given: typeof assertWritable) => (assertWritable = given) };
  check = new ResourceCheck(fhir as unknown as FhirClient);
  check.onModuleInit();
}, 60_000);

const communication = {
  resourceType: 'Communication',
  status: 'completed',
  sender: { reference: 'Practitioner/a' },
  payload: [{ contentString: 'Good morning' }],
};

const issuesOf = (more: object) =>
  check
    .outcomeOf({ ...communication, ...more } as Resource)
    ?.issue.map(({ code, expression }) => `${code} ${expression?.[0]}`);

describe('a resource from the FHIR server', () => {
  it('passes as R4 has it, with whatever it contains', () => {
    expect(issuesOf({})).toBeUndefined();
    expect(issuesOf({ contained: [{ resourceType: 'Anything' }] })).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ status: undefined }, 'required Communication.status'],
    [{ status: 'done' }, 'code-invalid Communication.status'],
    [{ sent: 'yesterday' }, 'value Communication.sent'],
    [{ sentBy: 'x' }, 'structure Communication.sentBy'],
    [{ 'Willemijn Oosterhuis': 'x' }, 'structure Communication'],
    [{ payload: [{ contentString: 7 }] }, 'value Communication.payload[0].content[x]'],
    [{ sender: { reference: 'CareTeam/t' } }, 'value Communication.sender'],
  ])('with %j is found out: %s', (more, issue) => {
    expect(issuesOf(more)).toContain(issue);
  });

  it('may name members and recipients of any type: those that are no persons are nobody', () => {
    const team = {
      resourceType: 'CareTeam',
      participant: [{ member: { reference: 'HealthcareService/h' } }],
    };
    expect(check.outcomeOf(team as Resource)).toBeUndefined();
  });

  it('is described without what it holds', () => {
    const resource = { ...communication, status: 'Willemijn', sent: 'Oosterhuis' } as unknown as Resource;
    expect(describeOutcome(resource, check.outcomeOf(resource)!)).toBe(
      'Communication: value at Communication.sent, code-invalid at Communication.status',
    );
  });
});

describe('a resource that is about to be written', () => {
  const ours = { meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }] } };

  it('has to be right where the bridge made it', () => {
    expect(() => assertWritable({ ...communication, ...ours } as Resource)).not.toThrow();
    expect(() => assertWritable({ ...communication, ...ours, sent: 'x' } as Resource)).toThrow(
      PermanentError,
    );
  });

  it('may hold the faults that it had, where it is somebody else’s', () => {
    expect(() => assertWritable({ ...communication, sent: 'x' } as Resource)).not.toThrow();
  });
});
