/** Whether a GET of `url` answers 2xx in time, within a second by default. No listener yet, or a slow one, is a plain false. */
export async function answersOk(url: string, withinMs = 1_000): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // fetch rejects for connection faults and time-outs only: not ready
  }
}
