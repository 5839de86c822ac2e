import {
  type IncludeTarget,
  convertToSearchableReferences,
  evalFhirPathTyped,
  getSearchParameter,
  toTypedValue,
} from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import type { ResourceStore, Version } from './resource-store';

/**
 * The live resources that `_include` (and `_include:iterate`) adds to a page of matches, each once and none of
 * the matches themselves. References that lead nowhere are left out, as FHIR says.
 */
export function findIncluded(
  store: ResourceStore,
  matches: readonly Version[],
  targets: readonly IncludeTarget[],
): Version[] {
  const seen = new Set(matches.map(reference));
  const included: Version[] = [];
  const follow = (from: Version, through: readonly IncludeTarget[]): void => {
    for (const target of through.filter((t) => t.resourceType === from.resourceType)) {
      for (const found of referenced(store, from, target)) {
        if (seen.has(reference(found))) continue;
        seen.add(reference(found));
        included.push(found);
      }
    }
  };
  for (const match of matches) follow(match, targets);
  const iterating = targets.filter((target) => target.modifier === 'iterate');
  // The list grows while it is walked: what is included may include more.
  for (const version of included) follow(version, iterating);
  return included;
}

function referenced(store: ResourceStore, from: Version, target: IncludeTarget): Version[] {
  const expression = getSearchParameter(target.resourceType, target.searchParam)?.expression;
  if (!expression || !from.resource) return [];
  const values = evalFhirPathTyped(expression, [toTypedValue(from.resource satisfies Resource)]);
  return convertToSearchableReferences(values).flatMap((value) => {
    const [type = '', id = ''] = value.split('/');
    const found = store.latest(type, id);
    const wanted = !target.targetType || target.targetType === type;
    return found?.resource && wanted ? [found] : [];
  });
}

function reference({ resourceType, id }: Version): string {
  return `${resourceType}/${id}`;
}
