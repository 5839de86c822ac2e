/** A path of a table with values for its parameters, encoded; `x` where there is none. */
export function filledPath(path: string, values: Readonly<Record<string, string>> = {}): string {
  return path.replace(/\{([^}]*)\}/g, (_whole, name: string) => encodeURIComponent(values[name] ?? 'x'));
}
