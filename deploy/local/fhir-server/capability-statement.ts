import { getSearchParameters } from '@medplum/core';
import type { CapabilityStatement, CapabilityStatementRestResource, Extension } from '@medplum/fhirtypes';
import { r4ResourceTypes } from './fhir-definitions';
import { isSupportedParameterType } from './supported-search';
import { backport, topicOf } from './topic-subscription';

type Interaction = NonNullable<CapabilityStatementRestResource['interaction']>[number]['code'];

const interactions: readonly Interaction[] = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
];

/** What `GET /metadata` answers (R4, http.html#capabilities): exactly what this server does, for every R4 type. */
export function capabilityStatement(baseUrl: string, startedAt: Date): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: startedAt.toISOString(),
    kind: 'instance',
    implementation: { description: 'FHIR R4 server for local use, in memory', url: baseUrl },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    patchFormat: ['application/json-patch+json'],
    rest: [
      {
        mode: 'server',
        resource: r4ResourceTypes().map(resourceCapability),
        interaction: [{ code: 'transaction' }, { code: 'batch' }, { code: 'history-system' }],
      },
    ],
  };
}

function resourceCapability(type: CapabilityStatementRestResource['type']): CapabilityStatementRestResource {
  const parameters = Object.values(getSearchParameters(String(type)) ?? {}).filter(
    // `_compartment` is the library's own invention.
    (parameter) => isSupportedParameterType(parameter.type) && parameter.code !== '_compartment',
  );
  return {
    type,
    ...(type === 'Subscription' ? { extension: topics() } : {}),
    interaction: interactions.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: true,
    updateCreate: true,
    conditionalCreate: true,
    conditionalUpdate: true,
    conditionalDelete: 'single',
    conditionalRead: 'not-supported',
    searchInclude: parameters
      .filter(({ type: kind }) => kind === 'reference')
      .map(({ code }) => `${type}:${code}`),
    searchParam: parameters.map(({ code, type: kind }) => ({ name: code, type: kind })),
  };
}

/** As the Subscriptions R5 Backport IG has a server of R4 tell which topics there are: one for every type. */
function topics(): Extension[] {
  return r4ResourceTypes().map((type) => ({
    url: `${backport}capability-subscriptiontopic-canonical`,
    valueCanonical: topicOf(type),
  }));
}
