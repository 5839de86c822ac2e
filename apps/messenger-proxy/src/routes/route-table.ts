import { decodeSegment } from '../requests/raw-path';

/** A line of a table. */
export interface Route<R extends string = string> {
  readonly method: string;
  /** Such as `/_matrix/client/v3/rooms/{roomId}/invite`. */
  readonly path: string;
  readonly rule: R;
}

/** A route that fits a request, and the values of its parameters, decoded. */
export interface Match<R extends string = string> {
  readonly route: Route<R>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** No route: the path is unknown, or known with other methods. */
export interface NoMatch {
  readonly methods: readonly string[];
}

/** A table of routes has mistakes: all of them, by line. */
export class RouteTableError extends Error {}

const LINE = /^(GET|PUT|POST|DELETE|ANY)\s+(\/\S*)\s+([a-z-]+)$/;
const PARAMETER = /^\{([A-Za-z_]+)\}$/;

/**
 * Reads a table: a line for each route, with method, path and rule. Empty lines and lines that begin with # are left out.
 * @throws RouteTableError with every line that cannot be read
 */
export function parseRoutes<R extends string>(text: string, rules: readonly R[]): Route<R>[] {
  const mistakes: string[] = [];
  const routes: Route<R>[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, method = '', path = '', rule = ''] = LINE.exec(line) ?? [];
    const known = rules.find((each) => each === rule);
    if (method === '') mistakes.push(`line ${index + 1}: expected a method, a path and a rule`);
    else if (!known) mistakes.push(`line ${index + 1}: no rule ${rule}; the rules are ${rules.join(', ')}`);
    else routes.push({ method, path, rule: known });
  }
  if (mistakes.length > 0) throw new RouteTableError(mistakes.join('\n'));
  return routes;
}

interface Node<R extends string> {
  readonly fixed: Map<string, Node<R>>;
  parameter?: Node<R>;
  readonly routes: Map<string, { route: Route<R>; names: readonly string[] }>;
}

/**
 * Finds the route of a request. Unlike the routers of web frameworks it compares fixed segments byte by byte, without
 * decoding them, and takes no empty segment for a parameter: the homeserver does neither, and what passes here must be
 * what it understands.
 */
export class RouteTable<R extends string> {
  private readonly root: Node<R> = node();
  private readonly methods: ReadonlySet<string>;

  constructor(readonly routes: readonly Route<R>[]) {
    for (const route of routes) this.add(route);
    this.methods = new Set(routes.map(({ method }) => method));
  }

  private add(route: Route<R>): void {
    const names: string[] = [];
    let at = this.root;
    for (const segment of route.path.split('/').slice(1)) {
      const name = PARAMETER.exec(segment)?.[1];
      if (name !== undefined) {
        names.push(name);
        at = at.parameter ??= node();
      } else {
        const next = at.fixed.get(segment) ?? node<R>();
        at.fixed.set(segment, next);
        at = next;
      }
    }
    at.routes.set(route.method, { route, names });
  }

  /** @param path as it was sent, see readTarget */
  find(method: string, path: string): Match<R> | NoMatch {
    const segments = path.split('/');
    return search(this.root, segments, 1, [], method) ?? { methods: this.methodsOf(segments) };
  }

  private methodsOf(segments: readonly string[]): readonly string[] {
    return [...this.methods].filter((method) => search(this.root, segments, 1, [], method));
  }
}

export function isMatch<R extends string>(found: Match<R> | NoMatch): found is Match<R> {
  return 'route' in found;
}

function node<R extends string>(): Node<R> {
  return { fixed: new Map(), routes: new Map() };
}

/**
 * Fixed segments come before parameters; where that leads nowhere, the parameter is tried.
 * @param values of the parameters on the way; as they were where it leads nowhere
 */
function search<R extends string>(
  at: Node<R>,
  segments: readonly string[],
  index: number,
  values: string[],
  method: string,
): Match<R> | undefined {
  const segment = segments[index];
  if (segment === undefined) return matchAt(at, values, method);
  const fixed = at.fixed.get(segment);
  const match = fixed && search(fixed, segments, index + 1, values, method);
  if (match || !at.parameter || segment === '') return match;
  const value = segment.includes('%') ? decodeSegment(segment) : segment;
  if (value === undefined) return undefined;
  values.push(value);
  const found = search(at.parameter, segments, index + 1, values, method);
  if (!found) values.pop();
  return found;
}

function matchAt<R extends string>(
  at: Node<R>,
  values: readonly string[],
  method: string,
): Match<R> | undefined {
  const found = at.routes.get(method) ?? at.routes.get('ANY');
  if (!found) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, name] of found.names.entries()) parameters[name] = values[index]!;
  return { route: found.route, parameters };
}
