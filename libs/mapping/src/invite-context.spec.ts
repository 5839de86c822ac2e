import type { Patient } from '@medplum/fhirtypes';
import { inviteContext, inviteContextField, pseudonymOnPatient } from './invite-context';

const bsn = { system: 'http://fhir.nl/fhir/NamingSystem/bsn', value: '999911120' };
const pseudoBsn = { system: 'http://fhir.nl/fhir/NamingSystem/pseudo-bsn', value: 'pseudo-1' };

function patient(identifier: Patient['identifier']): Patient {
  return { resourceType: 'Patient', id: 'p1', name: [{ text: 'Jan Jansen' }], identifier };
}

it('the pseudonym is the pseudo-bsn on the patient', () => {
  expect(pseudonymOnPatient.pseudonymOf(patient([bsn, pseudoBsn]))).toBe('pseudo-1');
});

it.each([[undefined], [[]], [[bsn]], [[{ value: 'pseudo-1' }]], [[{ system: pseudoBsn.system }]]])(
  'there is no pseudonym with %j; the number itself never takes its place',
  (identifier) => {
    expect(pseudonymOnPatient.pseudonymOf(patient(identifier))).toBeUndefined();
  },
);

it('the invite names a patient by pseudonym and nothing else', () => {
  expect(inviteContextField).toBe('nl-ta-chat.invite.context');
  expect(inviteContext('pseudo-1')).toEqual({
    version: 1,
    'room.subject': { resourceType: 'Patient', identifier: [pseudoBsn] },
  });
});
