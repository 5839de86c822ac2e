/** The value of one line of a process's metrics, e.g. `bridge_x_total{outcome="y"}`; 0 while it is not there. */
export async function metricOf(processUrl: string, line: string): Promise<number> {
  const metrics = await fetch(`${processUrl}/metrics`).then((answer) => answer.text());
  const found = metrics.split('\n').find((each) => each.startsWith(`${line} `));
  return found ? Number(found.slice(line.length + 1)) : 0;
}
