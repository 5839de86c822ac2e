/**
 * A text as FHIR strings may hold it (R4, datatypes, string): without control characters but tab and line ends.
 * @returns undefined when nothing but white space is left, which FHIR servers refuse
 */
export function fhirString(text: string): string | undefined {
  const allowed = text.replace(/[^\P{Cc}\t\n\r]/gu, '');
  return allowed.trim() === '' ? undefined : allowed;
}
