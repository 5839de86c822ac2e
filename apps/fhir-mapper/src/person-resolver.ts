import { Injectable } from '@nestjs/common';
import { FhirRef, parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { PersonResource, readPerson } from '@bridge/mapping';
import { ParticipantStore } from '@bridge/persistence';
import type { PractitionerRole } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';

const personTypes = new Set(['Practitioner', 'RelatedPerson', 'Patient']);

/** From a reference in a resource to a person that the bridge knows. */
@Injectable()
export class PersonResolver {
  constructor(
    private readonly fhir: FhirClient,
    private readonly participants: ParticipantStore,
    private readonly config: MapperConfig,
  ) {}

  /**
   * Reads the person behind a reference and saves what their resource says; a PractitionerRole leads to its Practitioner.
   * @param roleCode their role in a care team, if known
   * @returns the person's own reference; undefined when the reference leads to nobody (an organisation, a team, or nothing)
   */
  async resolve(reference: FhirRef, roleCode?: string): Promise<FhirRef | undefined> {
    const person = await this.read(reference);
    if (!person) return undefined;
    const reading = readPerson(person, roleCode);
    await this.participants.save(reading, (opaque) => this.config.ghost(opaque));
    return reading.fhirRef;
  }

  /** As `resolve`, without reading somebody again who is known already. */
  async known(reference: FhirRef): Promise<FhirRef | undefined> {
    const participant = await this.participants.find(reference);
    return participant ? participant.fhirRef : this.resolve(reference);
  }

  /** The person's own reference: a PractitionerRole leads to its Practitioner. Nobody is saved. */
  async refOf(reference: FhirRef): Promise<FhirRef | undefined> {
    if (typeOf(reference) !== 'PractitionerRole') return reference;
    const role = await this.fhir.read<PractitionerRole>(reference);
    return parseFhirRef(role?.practitioner?.reference);
  }

  private async read(reference: FhirRef): Promise<PersonResource | undefined> {
    const type = typeOf(reference);
    if (personTypes.has(type)) return this.fhir.read<PersonResource>(reference);
    if (type !== 'PractitionerRole') return undefined;
    const role = await this.fhir.read<PractitionerRole>(reference);
    const practitioner = parseFhirRef(role?.practitioner?.reference);
    return practitioner ? this.fhir.read<PersonResource>(practitioner) : undefined;
  }
}
