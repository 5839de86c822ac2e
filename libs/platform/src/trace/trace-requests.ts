import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OpenSpan } from './span';

/** What orchestrators and Prometheus ask, every few seconds: nobody looks for it in a trace. */
const notRecorded: ReadonlySet<string | undefined> = new Set(['/live', '/ready', '/metrics']);

/** Has each request go on with the trace of its `traceparent` header, and counts the time of what it brings from here. */
export function traceRequests(fastify: Pick<FastifyInstance, 'addHook'>): void {
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  // After the body has been read, because its stream does not carry the asynchronous context on.
  fastify.addHook('preHandler', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    if (notRecorded.has(request.routeOptions.url)) return done();
    const span = spanOf(request, reply);
    spans.set(request, span);
    span.run(done);
  });
  const end = (request: FastifyRequest, told: (span: OpenSpan) => void): void => {
    const span = spans.get(request);
    if (!span) return;
    spans.delete(request);
    told(span);
    span.end();
  };
  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    end(request, (span) => {
      span.annotate({ 'http.response.status_code': reply.statusCode });
      if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
    });
    done();
  });
  // Who hangs up gets no answer.
  fastify.addHook('onRequestAbort', (request: FastifyRequest, done: () => void) => {
    end(request, (span) => span.fail('aborted'));
    done();
  });
}

/** The route, never the URL: paths and queries hold ids. */
function spanOf({ method, headers, routeOptions }: FastifyRequest, reply: FastifyReply): OpenSpan {
  const { traceparent } = headers;
  const takenAt = Date.now();
  return OpenSpan.from(
    { traceparent: typeof traceparent === 'string' ? traceparent : undefined, takenAt },
    () => {
      const route = routeOptions.url ?? 'unknown';
      return {
        name: `${method} ${route}`,
        kind: 'server',
        attributes: { 'http.request.method': method, 'http.route': route },
        startedAt: takenAt - reply.elapsedTime,
      };
    },
  );
}
