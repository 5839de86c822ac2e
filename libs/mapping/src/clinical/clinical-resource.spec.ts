import type { Appointment, Condition, DocumentReference, Flag, Goal, Task } from '@medplum/fhirtypes';
import { hasModifierExtension, isEnteredInError, isOurBookkeeping, patientOf } from './clinical-resource';

const patient = { reference: 'Patient/p' } as const;
const flag: Flag = { resourceType: 'Flag', status: 'active', code: { text: 'x' }, subject: patient };
const task: Task = { resourceType: 'Task', status: 'requested', intent: 'order', for: patient };
const appointment = (...actors: string[]): Appointment => ({
  resourceType: 'Appointment',
  status: 'booked',
  participant: actors.map((reference) => ({
    status: 'accepted',
    actor: { reference },
  })),
});

it.each([
  ['its subject', flag, 'Patient/p'],
  ['whom a Task is for', task, 'Patient/p'],
  ['the patient among those who meet', appointment('Practitioner/d', 'Patient/p'), 'Patient/p'],
  ['nobody where several patients meet', appointment('Patient/p', 'Patient/q'), undefined],
  ['nobody where it is about a group', { ...flag, subject: { reference: 'Group/g' } }, undefined],
  ['nobody where it says nothing', { ...task, for: undefined }, undefined],
])('a resource is about %s', (_words, resource, expected) => {
  expect(patientOf(resource)).toBe(expected);
});

it.each<[string, Task | DocumentReference, boolean]>([
  ['a Task of a conversation', { ...task, basedOn: [{ reference: 'CommunicationRequest/c' }] }, true],
  ['a Task about a message', { ...task, focus: { reference: 'Communication/c' } }, true],
  ['a Task about something else', { ...task, focus: { reference: 'ServiceRequest/s' } }, false],
  [
    'a document that was said in Matrix',
    {
      resourceType: 'DocumentReference',
      status: 'current',
      meta: { tag: [{ system: 'urn:fhir-matrix-bridge:tag', code: 'from-matrix' }] },
      content: [{ attachment: {} }],
    },
    true,
  ],
])('the bridge’s own bookkeeping: %s', (_words, resource, expected) => {
  expect(isOurBookkeeping(resource)).toBe(expected);
});

it('each type says in its own way that it was entered in error', () => {
  const wrong = 'entered-in-error' as const;
  const verification = { coding: [{ code: wrong }] };
  const condition: Condition = {
    resourceType: 'Condition',
    subject: patient,
    verificationStatus: verification,
  };
  const goal: Goal = { resourceType: 'Goal', lifecycleStatus: wrong, description: {}, subject: patient };
  for (const each of [condition, goal, { ...flag, status: wrong }]) expect(isEnteredInError(each)).toBe(true);
  expect(isEnteredInError(flag)).toBe(false);
});

it('a modifier extension is found wherever it is', () => {
  const modifierExtension = [{ url: 'urn:x', valueBoolean: true }];
  expect(hasModifierExtension({ ...flag, modifierExtension })).toBe(true);
  expect(hasModifierExtension({ component: [{ code: {} }, { modifierExtension }] })).toBe(true);
  expect(hasModifierExtension({ ...flag, modifierExtension: [] })).toBe(false);
});
