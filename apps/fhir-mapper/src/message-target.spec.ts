import { FhirRef } from '@bridge/contracts';
import type { FhirClient } from '@bridge/fhir';
import type { MessageLinkStore } from '@bridge/persistence';
import { MessageTarget } from './message-target';

const ref = (id: string) => FhirRef.parse(`Communication/${id}`);

/** @param parents the Communication that each one is part of */
function setUp(parents: Record<string, string>, links: Record<string, string> = {}) {
  let reads = 0;
  const fhir = {
    read: async (read: FhirRef) => {
      reads += 1;
      const parent = parents[read];
      return { resourceType: 'Communication', partOf: parent ? [{ reference: parent }] : undefined };
    },
  } as unknown as FhirClient;
  const store = { eventOf: async (linked: FhirRef) => links[linked] } as unknown as MessageLinkStore;
  return { target: new MessageTarget(fhir, store), reads: () => reads };
}

it('a thread within a thread leads to the one that began it all', async () => {
  const parents = { 'Communication/c': 'Communication/b', 'Communication/b': 'Communication/a' };
  const { target } = setUp(parents, { 'Communication/a': '$a' });
  expect(await target.rootOf(ref('c'))).toEqual({ ref: 'Communication/a', event: '$a' });
});

it('threads that go round in a circle, or have no end, are left at some point', async () => {
  const circle = setUp({ 'Communication/a': 'Communication/b', 'Communication/b': 'Communication/a' });
  await circle.target.rootOf(ref('a'));
  const names = Array.from({ length: 100 }, (_, index) => [
    `Communication/${index}`,
    `Communication/${index + 1}`,
  ]);
  const endless = setUp(Object.fromEntries(names) as Record<string, string>);
  await endless.target.rootOf(ref('0'));
  expect([circle.reads(), endless.reads()]).toEqual([3, 11]);
});
