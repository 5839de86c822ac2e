import { Injectable } from '@nestjs/common';
import type { CapabilityStatement, CapabilityStatementRest } from '@medplum/fhirtypes';
import { FhirClient } from './fhir-client';
import { FhirRefusal } from './fhir-failure';

/** A server changes what it can do when it is upgraded, which nobody tells the bridge. */
const believedMs = 10 * 60_000;

/** What the FHIR server says that it can do (R4, http.html#capabilities). */
@Injectable()
export class Capabilities {
  private known?: { readonly statement: CapabilityStatement | undefined; readonly until: number };

  constructor(private readonly fhir: FhirClient) {}

  /** @returns undefined where the server does not tell */
  async statement(): Promise<CapabilityStatement | undefined> {
    if (this.known && performance.now() < this.known.until) return this.known.statement;
    const statement = await this.read();
    this.known = { statement, until: performance.now() + believedMs };
    return statement;
  }

  /** Of which of these types the server tells all versions, deletions among them (R4, `history-type`). */
  async historyOf(types: readonly string[]): Promise<string[]> {
    const { resource = [], interaction = [] } = await this.rest();
    // Servers that name the history of everything only have that of each type as well; one that has not refuses it.
    if (interaction.some(({ code }) => code === 'history-system')) return [...types];
    const able = new Set(
      resource
        .filter((each) => each.interaction?.some(({ code }) => code === 'history-type'))
        .map(({ type }) => String(type)),
    );
    return types.filter((type) => able.has(type));
  }

  private async rest(): Promise<Partial<CapabilityStatementRest>> {
    return (await this.statement())?.rest?.find(({ mode }) => mode === 'server') ?? {};
  }

  private async read(): Promise<CapabilityStatement | undefined> {
    try {
      return await this.fhir.get<CapabilityStatement>('read the CapabilityStatement', 'metadata');
    } catch (error) {
      if (error instanceof FhirRefusal) return undefined;
      throw error;
    }
  }
}
