/** The value of one line of a process's metrics, e.g. `bridge_x_total{outcome="y"}`; 0 while it is not there. */
export async function metricOf(processUrl: string, line: string): Promise<number> {
  const metrics = await fetch(`${processUrl}/metrics`).then((answer) => answer.text());
  const found = metrics.split('\n').find((each) => each.startsWith(`${line} `));
  return found ? Number(found.slice(line.length + 1)) : 0;
}

/** One line of a counter: its labels, and how often. */
export interface Count {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
}

/** All lines of a counter of a process, e.g. of `bridge_x_total`. */
export async function countsOf(processUrl: string, counter: string): Promise<Count[]> {
  const metrics = await fetch(`${processUrl}/metrics`).then((answer) => answer.text());
  return metrics.split('\n').flatMap((line) => {
    const [, labels, count] = line.startsWith(`${counter}{`) ? (/\{(.*)\} (\S+)$/.exec(line) ?? []) : [];
    if (labels === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value] as const);
    return [{ labels: Object.fromEntries(pairs) as Record<string, string>, count: Number(count) }];
  });
}
