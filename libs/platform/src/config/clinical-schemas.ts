import { type ClinicalType, type Language, clinicalTypes, languages } from '@bridge/contracts';
import { z } from 'zod';
import { fromJson, partsOf } from './from-text';

/** Names of resource types of which there can be lines, separated by commas, or a YAML list of them. */
export function resourceTypes() {
  return z
    .preprocess(
      partsOf,
      z.array(z.enum(clinicalTypes)).transform((types): readonly ClinicalType[] => [...new Set(types)]),
    )
    .describe(`resource types, separated by commas, of ${clinicalTypes.join(', ')}`);
}

/** A name in the time zone database. */
export function timeZone() {
  return z.string().refine(isTimeZone).describe('a time zone such as Europe/Amsterdam');
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export type LineTemplates = Partial<Record<ClinicalType, Partial<Record<Language, string>>>>;

/** A map of resource types, of languages, of texts; in an environment variable as JSON. What the texts say is not read here. */
export function lineTemplates() {
  const template = z.string().min(1);
  return z
    .preprocess(
      fromJson,
      z.partialRecord(z.enum(clinicalTypes), z.partialRecord(z.enum(languages), template)),
    )
    .transform((templates): LineTemplates => templates)
    .describe(
      'a map such as Flag: {en: "Mind: {code}"}, of types that can be lines and the languages nl, en and de',
    );
}
