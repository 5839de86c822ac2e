/**
 * JSON that is the same text for the same content, whatever order its fields were in: keys sorted by UTF-16 code units,
 * no white space (RFC 8785; the AuditEvents hold no numbers with fractions, for which it has more rules).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isPlain(each) ? Object.fromEntries(Object.entries(each).sort(byKey)) : each,
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function byKey([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1;
}
