/** Types that a browser runs: each is meant only when it is named itself, not when a family such as `image/*` is. */
const activeTypes = new Set([
  'image/svg+xml',
  'text/html',
  'text/xml',
  'text/javascript',
  'application/xhtml+xml',
]);

/** `type/subtype` of a Content-Type, in lower case and without parameters; undefined for what is none. */
export function mediaType(contentType: unknown): string | undefined {
  if (typeof contentType !== 'string') return undefined;
  const [type = ''] = contentType.toLowerCase().split(';');
  return /^[a-z]+\/[a-z0-9][a-z0-9.+-]*$/.test(type.trim()) ? type.trim() : undefined;
}

/**
 * Whether files of a type are bridged.
 * @param allowed as in the configuration: `application/pdf`, or `image/*` for a family
 */
export function isAllowedType(type: string, allowed: readonly string[]): boolean {
  if (allowed.includes(type)) return true;
  return !activeTypes.has(type) && allowed.includes(`${type.slice(0, type.indexOf('/'))}/*`);
}

/**
 * The one type of a file of which two sides speak: who offers it, and who stores it.
 * Neither is trusted alone. A file is labelled by its sender at will, and what shows it goes by the one label or the
 * other: so both have to be allowed, and the store's counts, as it is what every other reader gets.
 * @param declared what the message or the attachment says; undefined where it says nothing
 * @returns undefined when the file is not to be bridged
 */
export function agreedType(
  declared: unknown,
  stored: string,
  allowed: readonly string[],
): string | undefined {
  if (!isAcceptable(declared, allowed)) return undefined;
  const type = mediaType(stored);
  return type !== undefined && isAllowedType(type, allowed) ? type : undefined;
}

/** Whether what is said about a file's type lets it be read at all. */
export function isAcceptable(declared: unknown, allowed: readonly string[]): boolean {
  if (declared === undefined) return true;
  const type = mediaType(declared);
  return type !== undefined && isAllowedType(type, allowed);
}
