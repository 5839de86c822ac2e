import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';

type Codes = Readonly<Record<string, readonly string[]>>;

const priority = ['routine', 'urgent', 'asap', 'stat'];
const contactPoint: Codes = {
  'telecom.system': ['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other'],
  'telecom.use': ['home', 'work', 'temp', 'old', 'mobile'],
};
const person: Codes = {
  ...contactPoint,
  gender: ['male', 'female', 'other', 'unknown'],
  'name.use': ['usual', 'official', 'temp', 'nickname', 'anonymous', 'old', 'maiden'],
};

/**
 * Codes that R4 binds as required, of the elements that the bridge acts on (R4, the value sets of each resource). A
 * schema check alone lets any text pass there.
 */
const requiredCodes: Readonly<Record<string, Codes>> = {
  CareTeam: { status: ['proposed', 'active', 'suspended', 'inactive', 'entered-in-error'] },
  CommunicationRequest: {
    status: ['draft', 'active', 'on-hold', 'revoked', 'completed', 'entered-in-error', 'unknown'],
    priority,
  },
  Communication: {
    status: [
      'preparation',
      'in-progress',
      'not-done',
      'on-hold',
      'stopped',
      'completed',
      'entered-in-error',
      'unknown',
    ],
    priority,
  },
  Task: {
    status: [
      'draft',
      'requested',
      'received',
      'accepted',
      'rejected',
      'ready',
      'cancelled',
      'in-progress',
      'on-hold',
      'failed',
      'completed',
      'entered-in-error',
    ],
    intent: [
      'unknown',
      'proposal',
      'plan',
      'order',
      'original-order',
      'reflex-order',
      'filler-order',
      'instance-order',
      'option',
    ],
    priority,
  },
  AuditEvent: { action: ['C', 'R', 'U', 'D', 'E'], outcome: ['0', '4', '8', '12'] },
  DocumentReference: { status: ['current', 'superseded', 'entered-in-error'] },
  Endpoint: { status: ['active', 'suspended', 'error', 'off', 'entered-in-error', 'test'] },
  Practitioner: person,
  RelatedPerson: person,
  Patient: person,
  PractitionerRole: contactPoint,
};

/** The elements whose code is none that R4 allows there. They are named by their paths; what they hold is not repeated. */
export function codeIssues(resource: Resource): OperationOutcomeIssue[] {
  const codes = requiredCodes[resource.resourceType] ?? {};
  return Object.entries(codes).flatMap(([path, allowed]) =>
    valuesAt(resource, path.split('.'), resource.resourceType)
      .filter(({ value }) => !allowed.some((code) => code === value))
      .map(({ expression }) => ({ severity: 'error', code: 'code-invalid', expression: [expression] })),
  );
}

/** Every value at a path, with where it stands; lists on the way are gone through. */
function valuesAt(
  node: unknown,
  [name, ...rest]: readonly string[],
  at: string,
): { readonly value: unknown; readonly expression: string }[] {
  if (Array.isArray(node)) {
    return node.flatMap((each, index) =>
      valuesAt(each, name === undefined ? [] : [name, ...rest], `${at}[${index}]`),
    );
  }
  if (node === undefined || node === null) return [];
  if (name === undefined) return [{ value: node, expression: at }];
  return valuesAt((node as Record<string, unknown>)[name], rest, `${at}.${name}`);
}
