import { FhirRef } from '@bridge/contracts';
import type { Task } from '@medplum/fhirtypes';
import { toUnreadTask, unreadTaskQuery, withNewest } from './unread-task';

const place = {
  conversation: FhirRef.parse('CommunicationRequest/c'),
  owner: FhirRef.parse('RelatedPerson/r'),
};
const newest = FhirRef.parse('Communication/m2');
const at = new Date('2026-03-10T12:00:00Z');
const task = toUnreadTask(place, {
  newest,
  subject: FhirRef.parse('Patient/p'),
  at,
  serverName: 'care.example',
});

it('a Task tells whose it is, of which conversation, and what is the newest message in it', () => {
  expect(task).toMatchObject({
    status: 'requested',
    intent: 'order',
    basedOn: [{ reference: 'CommunicationRequest/c', type: 'CommunicationRequest' }],
    focus: { reference: 'Communication/m2', type: 'Communication' },
    for: { reference: 'Patient/p', type: 'Patient' },
    owner: { reference: 'RelatedPerson/r', type: 'RelatedPerson' },
  });
});

it('there is one for each person and conversation', () => {
  const query = new URLSearchParams(unreadTaskQuery(place));
  const { system, value } = task.identifier![0]!;
  expect([...query]).toEqual([['identifier', `${system}|${value}`]]);
  expect(unreadTaskQuery({ ...place, owner: newest })).not.toBe(unreadTaskQuery(place));
});

describe('a further message', () => {
  const further = FhirRef.parse('Communication/m3');

  it.each<Task['status']>(['requested', 'completed', 'received', 'in-progress'])(
    'makes a Task that is %s unread again',
    (status) => {
      expect(withNewest({ ...task, status }, further, at)).toMatchObject({
        status: 'requested',
        focus: { reference: 'Communication/m3' },
      });
    },
  );

  it.each<Task['status']>(['rejected', 'cancelled', 'failed', 'entered-in-error'])(
    'leaves one alone that is %s',
    (status) => {
      expect(withNewest({ ...task, status }, further, at)).toBeUndefined();
    },
  );

  it('changes nothing when it comes again: who has read it meanwhile has read it', () => {
    expect(withNewest({ ...task, status: 'completed' }, newest, at)).toBeUndefined();
  });
});
