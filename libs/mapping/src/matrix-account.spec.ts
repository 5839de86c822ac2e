import type { Endpoint } from '@medplum/fhirtypes';
import { accountAtEndpoint } from './matrix-account';

const endpoint = (address: string, more: Partial<Endpoint> = {}): Endpoint => ({
  resourceType: 'Endpoint',
  status: 'active',
  connectionType: {
    system: 'https://gematik.de/fhir/directory/CodeSystem/EndpointDirectoryConnectionType',
    code: 'tim',
  },
  payloadType: [{ text: 'tim-chat' }],
  address,
  ...more,
});

describe('an Endpoint', () => {
  it.each([
    ['matrix:u/ada:praxis.example', '@ada:praxis.example'],
    ['matrix:u/ada%2Fb:praxis.example:8448', '@ada/b:praxis.example:8448'],
    ['matrix:u/1-1tst-auto-1:host', '@1-1tst-auto-1:host'],
  ])('with the address %s is the account %s', (address, account) => {
    expect(accountAtEndpoint(endpoint(address))).toBe(account);
  });

  it.each([
    'matrix:r/room:praxis.example',
    'matrix:u/ada',
    'matrix:u/:praxis.example',
    'matrix:u/%E0%A4%A:praxis.example',
    'matrix:u/ada:praxis.example?action=chat',
    '@ada:praxis.example',
    'https://praxis.example/fhir',
    '',
  ])('with the address %s is none', (address) => {
    expect(accountAtEndpoint(endpoint(address))).toBeNull();
  });

  it.each<Partial<Endpoint>>([
    { status: 'off' },
    { status: 'suspended' },
    { connectionType: { code: 'tim-fa' } },
    { connectionType: { code: 'hl7-fhir-rest' } },
  ])('is none that is %j', (more) => {
    expect(accountAtEndpoint(endpoint('matrix:u/ada:praxis.example', more))).toBeNull();
  });
});
