import { Agent, request } from 'undici';

/** What became of a report: its receiver has it, will never take it, or could not be reached now. */
export type Delivered = 'sent' | 'refused' | 'later';

const TIMEOUT_MS = 10_000;
const CONNECTIONS = 10;
/** Refusals that pass: too late, too early, too many (RFC 9110, RFC 8470, RFC 6585). */
const PASSING = new Set([408, 425, 429]);

/** Whoever collects the reports. */
export class ReportReceiver {
  private readonly agent = new Agent({ connections: CONNECTIONS });

  constructor(private readonly url: string) {}

  /** Posts a report. Does not throw. @param signal ends the try: the report is sent later then */
  async post(report: Uint8Array, signal: AbortSignal): Promise<Delivered> {
    try {
      const { statusCode, body } = await request(this.url, {
        method: 'POST',
        dispatcher: this.agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: { 'content-type': 'application/json' },
        body: report,
      });
      await body.dump();
      return meaningOf(statusCode);
    } catch {
      return 'later';
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}

function meaningOf(status: number): Delivered {
  if (status >= 200 && status < 300) return 'sent';
  return status >= 400 && status < 500 && !PASSING.has(status) ? 'refused' : 'later';
}
