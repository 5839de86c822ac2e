import { Injectable } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { FhirClient, FhirRefusal } from '@bridge/fhir';
import { type Names, identifiersOf, nameOfResource } from '@bridge/mapping';
import type { Patient, Resource } from '@medplum/fhirtypes';
import { BoundedMap } from './bounded-map';

/** People and places are the same few all day, and are seldom called otherwise. */
const rememberedNames = 2_000;
const rememberedForMs = 10 * 60_000;
/** From a role to the person, and no further. */
const furthest = 2;

/** What the things are called that clinical resources refer to. */
@Injectable()
export class ClinicalNames {
  private readonly known = new BoundedMap<FhirRef, string | null>(rememberedNames, rememberedForMs);

  constructor(private readonly fhir: FhirClient) {}

  /**
   * The names behind references as they are written; undefined where there is none to be had. Only this server is asked,
   * and patients are never named.
   * @throws TransientError while the server is away
   */
  async of(references: readonly string[]): Promise<Names> {
    const names = await Promise.all(
      references.map(async (reference) => [reference, await this.nameBehind(reference, furthest)] as const),
    );
    return new Map(names);
  }

  /** The identifiers by which a patient is known in the record. Read anew each time: they are kept nowhere. */
  async identifiersOf(patient: FhirRef): Promise<readonly string[]> {
    const resource = await this.fhir.read<Patient>(patient);
    return resource ? identifiersOf(resource) : [];
  }

  private async nameBehind(reference: string, further: number): Promise<string | undefined> {
    const ref = this.fhir.refAt(reference);
    if (ref === undefined) return undefined;
    const known = this.known.get(ref);
    if (known !== undefined) return known ?? undefined;
    const name = await this.readName(ref, further);
    this.known.set(ref, name ?? null);
    return name;
  }

  private async readName(ref: FhirRef, further: number): Promise<string | undefined> {
    const resource = await this.read(ref);
    if (!resource) return undefined;
    const { name, namedBy } = nameOfResource(resource);
    if (name !== undefined || namedBy === undefined || further === 1) return name;
    return this.nameBehind(namedBy, further - 1);
  }

  /** What the server does not show to the bridge has no name; the line is worth saying without it. */
  private async read(ref: FhirRef): Promise<Resource | undefined> {
    try {
      return await this.fhir.read<Resource>(ref);
    } catch (error) {
      if (error instanceof FhirRefusal) return undefined;
      throw error;
    }
  }
}
