/** Interactions and operations that a path may name beside types and ids (FHIR R4, "RESTful API"). */
const interactions: ReadonlySet<string> = new Set(['_history', '_search', 'metadata', '$status', '$events']);

/**
 * What is below the base URL without what it is about: `/Communication/{}`. A type's name is
 * known by its place; anything else that is not known is left out, and so is the query.
 */
export function routeTemplate(url: URL, baseUrl: string): string {
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  if (!url.pathname.startsWith(base)) return '/{}';
  const segments = url.pathname.slice(base.length).split('/');
  return segments.map((segment, index) => (isKnown(segment, index) ? segment : '{}')).join('/') || '/';
}

function isKnown(segment: string, index: number): boolean {
  return segment === '' || interactions.has(segment) || (index === 1 && /^[A-Z][A-Za-z]+$/.test(segment));
}
