import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ReportOrigin, reportOf } from './call-report';
import { type Edge, type Operation, operationOf } from './operations';

/** Takes a report; returns at once, and does not throw. */
export type TakeReport = (report: object) => void;

/** Reports calls when they have ended. */
export class CallCounter {
  /** Whether an invite that is under way is for somebody here. */
  private readonly invites = new WeakMap<IncomingMessage, boolean>();

  constructor(
    private readonly origin: ReportOrigin,
    private readonly take: TakeReport,
  ) {}

  /** To be told of each call when it comes in. */
  watch(edge: Edge, request: IncomingMessage, response: ServerResponse): void {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const operation = operationOf(edge, request.method ?? '', path);
    if (operation === undefined) return;
    const { socket } = request;
    const startedAt = Date.now();
    const from = performance.now();
    const written = socket.bytesWritten;
    response.once('close', () => {
      const counted = operation === 'invite' ? this.inviteOperation(request) : operation;
      // Whoever left before there was an answer has no status.
      if (counted === undefined || !response.headersSent) return;
      const report = reportOf(
        {
          operation: counted,
          startedAt,
          durationMs: performance.now() - from,
          status: response.statusCode,
          // A body in pieces does not say how long it is.
          bytesIn: Number(request.headers['content-length'] ?? 0),
          bytesOut: Math.max(0, socket.bytesWritten - written),
        },
        this.origin,
      );
      this.take(report);
    });
  }

  /** Whom an invite is for has been read. */
  invited(request: IncomingMessage, isOwn: boolean): void {
    this.invites.set(request, isOwn);
  }

  private inviteOperation(request: IncomingMessage): Operation | undefined {
    const isOwn = this.invites.get(request);
    if (isOwn === undefined) return undefined;
    return isOwn ? 'invite-within' : 'invite-sent';
  }
}
