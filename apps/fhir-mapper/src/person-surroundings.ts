import { Injectable, Logger } from '@nestjs/common';
import { parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient, FhirRefusal } from '@bridge/fhir';
import {
  type PersonResource,
  type PersonSurroundings,
  accountAtEndpoint,
  nothingAround,
  refOf,
  systems,
} from '@bridge/mapping';
import type {
  Endpoint,
  Identifier,
  Organization,
  PractitionerRole,
  Reference,
  Resource,
} from '@medplum/fhirtypes';

/** What a professional's roles say of them: the same whichever of them a care team names, or none. */
@Injectable()
export class PersonSurroundingsReader {
  private readonly logger = new Logger(PersonSurroundingsReader.name);
  private isRefused = false;

  constructor(private readonly fhir: FhirClient) {}

  /** Of several roles the first by id that says something counts; one that is not active any more says nothing. */
  async of(person: PersonResource): Promise<PersonSurroundings> {
    if (person.resourceType !== 'Practitioner') return nothingAround;
    const roles = await this.rolesOf(person);
    const [endpoints, organisations] = await Promise.all([
      this.readAll<Endpoint>(
        'Endpoint',
        roles.flatMap(({ endpoint = [] }) => endpoint),
      ),
      this.readAll<Organization>(
        'Organization',
        roles.map(({ organization }) => organization),
      ),
    ]);
    const account = endpoints.map(accountAtEndpoint).find((found) => found !== null);
    return {
      endpointAccount: account ?? null,
      uraNr: numberIn(organisations, systems.ura),
      uziNr: numberIn(roles, systems.uzi),
    };
  }

  /** A server that has no roles, or shows none to the bridge, keeps nobody from taking part. */
  private async rolesOf(person: PersonResource): Promise<PractitionerRole[]> {
    const roles: PractitionerRole[] = [];
    try {
      const query = { practitioner: refOf(person) };
      for await (const page of this.fhir.search<PractitionerRole>('PractitionerRole', query))
        roles.push(...page);
    } catch (error) {
      if (!(error instanceof FhirRefusal)) throw error;
      if (!this.isRefused) this.logger.warn(`Roles of professionals cannot be read: ${error.message}`);
      this.isRefused = true;
    }
    return roles
      .filter(({ active }) => active !== false)
      .sort((one, other) => (refOf(one) < refOf(other) ? -1 : 1));
  }

  /** What the references lead to, each once, in order; what is not there, or not to be seen, is left out. */
  private async readAll<T extends Resource>(
    type: T['resourceType'],
    references: readonly (Reference | undefined)[],
  ): Promise<T[]> {
    const refs = references.map((each) => parseFhirRef(each?.reference)).filter((ref) => ref !== undefined);
    const found: T[] = [];
    for (const ref of new Set(refs)) {
      const resource = typeOf(ref) === type ? await this.fhir.read<T>(ref).catch(whenRefused) : undefined;
      if (resource) found.push(resource);
    }
    return found;
  }
}

function whenRefused(error: unknown): undefined {
  if (!(error instanceof FhirRefusal)) throw error;
}

function numberIn(resources: readonly { identifier?: Identifier[] }[], system: string): string | undefined {
  return resources.flatMap(({ identifier = [] }) => identifier).find((each) => each.system === system)?.value;
}
