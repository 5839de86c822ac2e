/** What a message says; undefined of what is no JSON: of it nothing can be told but what was done to it. */
export function messageContent(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
