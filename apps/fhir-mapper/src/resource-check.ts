import { Injectable, OnModuleInit } from '@nestjs/common';
import { PermanentError } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { codeIssues, systems } from '@bridge/mapping';
import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { OperationOutcome, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { indexR4Definitions } from './r4-definitions';

/** References that say who does something: of another type than R4 allows, they lead to nobody. */
const strictReferences = [
  /^Communication(Request)?\.sender$/,
  /^CommunicationRequest\.requester$/,
  /^PractitionerRole\.practitioner$/,
  /^Task\.owner$/,
];
/** An element's path; anything else in its place is somebody's text. */
const path = /^[A-Za-z]+(\.[A-Za-z]+(\[x\])?(\[\d+\])?)*$/;

/**
 * Whether resources are as FHIR R4 has them: HL7's own definitions, and the codes that a check of structure lets pass.
 * What is found is told by paths and codes; what a resource holds is repeated nowhere.
 */
@Injectable()
export class ResourceCheck implements OnModuleInit {
  constructor(private readonly fhir: FhirClient) {}

  onModuleInit(): void {
    indexR4Definitions();
    this.fhir.checkBeforeWrite((resource) => this.assertWritable(resource));
  }

  /** What is wrong with a resource; undefined when nothing is. */
  outcomeOf(resource: Resource): OperationOutcome | undefined {
    // Nothing is read of what is contained, and it may be of any type.
    const own = { ...resource, contained: undefined };
    const issue = [...structureIssues(own), ...codeIssues(own)];
    return issue.length > 0 ? { resourceType: 'OperationOutcome', issue } : undefined;
  }

  /**
   * What the bridge itself makes has to be right. What it only changes in somebody else's resource is the server's to
   * judge: that may hold faults that were there before.
   * @throws PermanentError for a resource that should never have been made
   */
  private assertWritable(resource: Resource): void {
    const isOurs = resource.meta?.tag?.some(({ system }) => system === systems.bridgeTag) ?? false;
    const outcome = isOurs ? this.outcomeOf(resource) : undefined;
    if (!outcome) return;
    throw new PermanentError(
      'fhir-invalid-write',
      `The bridge made an invalid ${describe(resource, outcome)}`,
      {
        advice: 'This is a fault of the bridge: report it with this sentence.',
      },
    );
  }
}

/** A resource's type and what is wrong with it, in one line without its content. */
export function describe({ resourceType }: Resource, { issue }: OperationOutcome): string {
  const found = issue.map(({ code, expression }) => `${code} at ${expression?.[0] ?? resourceType}`);
  return `${resourceType}: ${[...new Set(found)].join(', ')}`;
}

function structureIssues(resource: Resource): OperationOutcomeIssue[] {
  const found = issuesOf(resource);
  return found
    .filter(({ severity, expression }) => severity === 'error' || isStrict(expression?.[0]))
    .map(({ expression, details }) => ({
      severity: 'error',
      code: codeOf(details?.text),
      expression: [path.test(expression?.[0] ?? '') ? expression![0]! : resource.resourceType],
    }));
}

function issuesOf(resource: Resource): OperationOutcomeIssue[] {
  try {
    return validateResource(resource);
  } catch (error) {
    if (error instanceof OperationOutcomeError) return error.outcome.issue;
    throw error;
  }
}

function isStrict(expression: string | undefined): boolean {
  return strictReferences.some((reference) => reference.test(expression ?? ''));
}

/** The library says in English what FHIR has codes for (R4, value set issue-type). */
function codeOf(text = ''): OperationOutcomeIssue['code'] {
  if (text.startsWith('Missing required')) return 'required';
  if (text.startsWith('Invalid additional')) return 'structure';
  return 'value';
}
