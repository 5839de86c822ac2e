import type { CapabilityStatement, Subscription } from '@medplum/fhirtypes';
import {
  advertisedTopics,
  managedSubscription,
  mended,
  ownTagFor,
  tokenOf,
  typeOfOwn,
} from './managed-subscription';

const topic = 'https://fhir.example/SubscriptionTopic/teams';
const managed = {
  serverName: 'care.example',
  endpoint: 'https://bridge.example/notify/ehr',
  headers: ['Authorization: Bearer abc'],
  topics: { CareTeam: topic },
};

it('a classic one has no payload: an empty POST, which carries no health data', () => {
  const subscription = managedSubscription('CareTeam', managed, new Set());
  expect(subscription).toMatchObject({
    status: 'requested',
    criteria: 'CareTeam?',
    channel: { type: 'rest-hook', endpoint: managed.endpoint, header: managed.headers },
  });
  expect(subscription.channel).not.toHaveProperty('payload');
});

it('it is made of the topic that is named for its type, where the server advertises that', () => {
  const advertised = new Set([topic]);
  expect(managedSubscription('CareTeam', managed, advertised)).toMatchObject({
    criteria: topic,
    meta: {
      profile: ['http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription'],
    },
    channel: {
      payload: 'application/fhir+json',
      _payload: { extension: [{ valueCode: 'empty' }] },
      extension: [{ valueUnsignedInt: 60 }],
    },
  });
  expect(managedSubscription('Communication', managed, advertised).criteria).toBe('Communication?');
});

it('topics are advertised by the extension of the backport on Subscription, and by no other', () => {
  const url =
    'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capability-subscriptiontopic-canonical';
  const statement = {
    rest: [
      {
        resource: [
          { type: 'Subscription', extension: [{ url, valueCanonical: topic }, { url: 'urn:x' }] },
          { type: 'Patient', extension: [{ url, valueCanonical: 'urn:other' }] },
        ],
      },
    ],
  } as unknown as CapabilityStatement;
  expect([...advertisedTopics(statement)]).toEqual([topic]);
  expect(advertisedTopics(undefined).size).toBe(0);
});

it('its tags tell whose it is and what for; another bridge’s are nobody’s', () => {
  const own = managedSubscription('Task', managed, new Set());
  expect(typeOfOwn(own, managed)).toBe('Task');
  expect(typeOfOwn(own, { serverName: 'other.example' })).toBeUndefined();
  expect(typeOfOwn({ ...own, meta: {} }, managed)).toBeUndefined();
  expect(tokenOf(ownTagFor('Task', managed))).toBe(
    'urn:fhir-matrix-bridge:tag|subscription:care.example:Task',
  );
});

describe('one that is there', () => {
  const wanted = managedSubscription('Task', managed, new Set());
  const current: Subscription = {
    ...wanted,
    id: '1',
    status: 'active',
    meta: { ...wanted.meta, versionId: '3' },
  };

  it('is left alone while it works as configured', () => {
    expect(mended(current, wanted)).toBeUndefined();
    expect(mended({ ...current, status: 'requested' }, wanted)).toBeUndefined();
  });

  it.each(['error', 'off'] as const)('is requested again when the server has set it to %s', (status) => {
    expect(mended({ ...current, status, error: 'timeout' }, wanted)).toEqual({
      ...wanted,
      id: '1',
      meta: { ...wanted.meta, versionId: '3' },
    });
  });

  it('is changed when it notifies elsewhere, or with another secret', () => {
    const moved = managedSubscription('Task', { ...managed, endpoint: 'https://new.example' }, new Set());
    expect(mended(current, moved)?.channel.endpoint).toBe('https://new.example');
    const rotated = managedSubscription('Task', { ...managed, headers: ['X-Key: 2'] }, new Set());
    expect(mended(current, rotated)?.channel.header).toEqual(['X-Key: 2']);
  });
});
