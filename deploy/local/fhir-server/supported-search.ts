import {
  type Filter,
  OperationOutcomeError,
  Operator,
  type SearchRequest,
  badRequest,
  getSearchParameter,
} from '@medplum/core';

const everywhere: readonly Operator[] = [Operator.EQUALS, Operator.MISSING];

/** What the library's matcher does as FHIR says; it would answer anything else with a silent mismatch. */
const operatorsByType: Readonly<Record<string, readonly Operator[]>> = {
  token: [...everywhere, Operator.NOT],
  reference: everywhere,
  string: [...everywhere, Operator.CONTAINS],
  uri: everywhere,
  date: [
    ...everywhere,
    Operator.NOT_EQUALS,
    Operator.GREATER_THAN,
    Operator.GREATER_THAN_OR_EQUALS,
    Operator.LESS_THAN,
    Operator.LESS_THAN_OR_EQUALS,
    Operator.STARTS_AFTER,
    Operator.ENDS_BEFORE,
  ],
};

/** Whether a search parameter of this type can be searched by here; the CapabilityStatement lists just these. */
export function isSupportedParameterType(type: string | undefined): boolean {
  return type !== undefined && type in operatorsByType;
}

/**
 * The search without its empty parameters (R4 says to ignore them: some guides write criteria such as
 * `Communication?id`). Refuses what this server cannot do, rather than answer with too little or too much.
 *
 * @throws OperationOutcomeError (400) for an unknown or unsupported parameter, modifier, sort or inclusion
 */
export function supportedSearch(request: SearchRequest): SearchRequest {
  const filters = (request.filters ?? []).filter((filter) => filter.value !== '');
  for (const filter of filters) checkFilter(request.resourceType, filter);
  for (const rule of request.sortRules ?? []) {
    if (!getSearchParameter(request.resourceType, rule.code)?.expression)
      refuse(`cannot sort by ${rule.code}`);
  }
  for (const target of request.include ?? []) {
    if (getSearchParameter(target.resourceType, target.searchParam)?.type !== 'reference') {
      refuse(`cannot include ${target.resourceType}:${target.searchParam}`);
    }
  }
  if (request.revInclude) refuse('_revinclude is not supported');
  for (const number of [request.count ?? 0, request.offset ?? 0]) {
    if (!Number.isSafeInteger(number) || number < 0) refuse('_count and _offset must be whole numbers');
  }
  return { ...request, filters };
}

function checkFilter(resourceType: string, filter: Filter): void {
  const parameter = getSearchParameter(resourceType, filter.code);
  if (!parameter) refuse(`${resourceType} has no search parameter ${filter.code}`);
  if (!operatorsByType[parameter.type]?.includes(filter.operator)) {
    refuse(`search parameter ${filter.code} does not support "${filter.operator}"`);
  }
}

function refuse(reason: string): never {
  throw new OperationOutcomeError(badRequest(reason));
}
