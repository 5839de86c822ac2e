const ANSWER_WITHIN_MS = 1_000;

/** Whether a GET of `url` answers 2xx within a second. No listener yet, or a slow one, is a plain false. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false; // fetch rejects for connection faults and time-outs only: not ready
  }
}
