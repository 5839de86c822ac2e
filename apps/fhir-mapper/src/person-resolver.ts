import { Injectable } from '@nestjs/common';
import { FhirRef, UserId, parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import {
  type GivenRole,
  type PersonResource,
  hasAccount,
  personTypes,
  readPerson,
  refOf,
} from '@bridge/mapping';
import { ParticipantStore } from '@bridge/persistence';
import type { PractitionerRole } from '@medplum/fhirtypes';
import { MapperConfig } from './mapper-config';
import { PersonSurroundingsReader } from './person-surroundings';

/** The role that a version of a care team gives to a person. */
export interface RoleInTeam {
  readonly careTeam: FhirRef;
  readonly versionAt: Date;
  readonly role: GivenRole;
}

/** From a reference in a resource to a person that the bridge knows. */
@Injectable()
export class PersonResolver {
  constructor(
    private readonly fhir: FhirClient,
    private readonly participants: ParticipantStore,
    private readonly surroundings: PersonSurroundingsReader,
    private readonly config: MapperConfig,
  ) {}

  /**
   * Reads the person behind a reference and saves what their resource says.
   * @returns the person's own reference; undefined when the reference leads to nobody (an organisation, a team, or nothing)
   */
  async resolve(reference: FhirRef): Promise<FhirRef | undefined> {
    const person = await this.read(reference);
    if (!person) return undefined;
    await this.save(person);
    return refOf(person);
  }

  /** As `resolve`, without reading somebody again who is known already. */
  async known(reference: FhirRef): Promise<FhirRef | undefined> {
    const participant = await this.participants.find(reference);
    return participant ? participant.fhirRef : this.resolve(reference);
  }

  /** The person's own reference: a PractitionerRole leads to its Practitioner. Nobody is saved. */
  async refOf(reference: FhirRef): Promise<FhirRef | undefined> {
    return typeOf(reference) === 'PractitionerRole' ? this.practitionerOf(reference) : reference;
  }

  /** Everybody who has this Matrix account: as far as the bridge knows, otherwise by what the record says. */
  async withUserId(userId: UserId): Promise<FhirRef[]> {
    const known = await this.participants.withUserId(userId);
    if (known.length > 0) return known.map(({ fhirRef }) => fhirRef);
    const found: FhirRef[] = [];
    for (const type of personTypes) {
      for await (const page of this.fhir.search<PersonResource>(type, { telecom: userId }))
        found.push(...page.filter((person) => hasAccount(person, userId)).map(refOf));
    }
    return found;
  }

  /** The person behind a reference; a PractitionerRole leads to its Practitioner. */
  async read(reference: FhirRef): Promise<PersonResource | undefined> {
    if (personTypes.some((type) => type === typeOf(reference)))
      return this.fhir.read<PersonResource>(reference);
    const practitioner = await this.practitionerOf(reference);
    return practitioner && this.fhir.read<PersonResource>(practitioner);
  }

  /** Whose role a PractitionerRole is; undefined for every other reference. */
  async practitionerOf(reference: FhirRef): Promise<FhirRef | undefined> {
    if (typeOf(reference) !== 'PractitionerRole') return undefined;
    const role = await this.fhir.read<PractitionerRole>(reference);
    return parseFhirRef(role?.practitioner?.reference);
  }

  /**
   * Saves what a person's resource, and those of their roles, say.
   * @param given their role in the care team that is being read; not given: they keep the one they have
   * @returns the care teams that have to be applied again for it
   */
  async save(person: PersonResource, given?: RoleInTeam): Promise<FhirRef[]> {
    const [role, around] = await Promise.all([
      this.roleOf(refOf(person), given),
      this.surroundings.of(person),
    ]);
    const { language, accountOrder } = this.config;
    const reading = readPerson(person, role, language, around, accountOrder);
    return this.participants.save(reading, (opaque) => this.config.ghost(opaque));
  }

  private async roleOf(person: FhirRef, given: RoleInTeam | undefined): Promise<GivenRole> {
    const says = given && (given.role.code ?? given.role.text) !== undefined;
    if (says && !(await this.participants.hasNewerTeam(person, given))) return given.role;
    const known = await this.participants.find(person);
    return { code: known?.mapping.roleCode, text: known?.roleText ?? undefined };
  }
}
