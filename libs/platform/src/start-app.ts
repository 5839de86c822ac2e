import type { TlsOptions } from 'node:tls';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { TransientError } from '@bridge/contracts';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy, Server } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from './config/settings';
import { Readiness } from './health/readiness';
import { createPino } from './logging/create-pino';
import { Logger } from './logging/logger';
import { ProcessGuard } from './process-guard';
import { traceRequests } from './trace/trace-requests';

export interface AppOptions {
  readonly app: string;
  /** The app's root module. It imports `PlatformModule.forRoot`. */
  readonly module: Type | DynamicModule;
  readonly config: Pick<Config, 'http' | 'log'>;
  /** For a worker: what it consumes. Closed after HTTP and before the connections. */
  readonly strategy?: (app: INestApplicationContext) => CustomTransportStrategy & Server;
  /** The answer to a request whose URL cannot be decoded, in the app's protocol; it never reaches the app's filters. */
  readonly unreadableUrl?: object;
  /** What else it serves, at ports of its own: begun when its HTTP server listens, and part of its start. */
  readonly serve?: (app: NestFastifyApplication) => Promise<void>;
  /** For an app that ends TLS itself; left out: plain HTTP. */
  readonly tls?: Pick<TlsOptions, 'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized'>;
  /** Today's URL for one that a caller may still use, before it is routed. */
  readonly rewriteUrl?: (url: string) => string;
  /** The app's own filters, parsers and hooks, before it listens. */
  readonly configure?: (app: NestFastifyApplication) => void | Promise<void>;
}

/** How long a sender may take for one request. Behind a homeserver or a FHIR server on the same network that is ample. */
const REQUEST_TIMEOUT_MS = 60_000;
/**
 * Longer than the 60 s after which common proxies drop an idle connection, and than the 120 s of Synapse, so that they
 * close first and no request is lost in between.
 */
const KEEP_ALIVE_MS = 125_000;

/**
 * Starts an app: HTTP first, consuming and what else it serves after that. Orchestrators then see a live process that is
 * not yet ready while the worker looks for its queue, instead of a closed port that they would restart.
 * Stops on SIGTERM and SIGINT, see {@link ProcessGuard}. A failure ends the process with status 1 and one log line.
 */
export async function startApp(options: AppOptions): Promise<NestFastifyApplication> {
  const logger = new Logger(createPino(options.app, options.config.log));
  const guard = new ProcessGuard(logger);
  try {
    const app = await create(options, logger);
    const readiness = app.get(Readiness);
    let isStarted = false;
    readiness.register('start', () => {
      if (!isStarted) throw new TransientError('starting', 'Not started yet', { advice: 'starting' });
    });
    await options.configure?.(app);
    if (options.strategy) app.connectMicroservice({ strategy: options.strategy(app) });
    await app.listen(options.config.http.port, options.config.http.host);
    await app.startAllMicroservices();
    await options.serve?.(app);
    isStarted = true;
    guard.started(app, readiness);
    app.getHttpServer().once('close', () => guard.release());
    logger.log(`Listening on ${await app.getUrl()}`, options.app);
    return app;
  } catch (error) {
    return guard.startFailed(error);
  }
}

async function create(
  { module, config, unreadableUrl, rewriteUrl, tls }: AppOptions,
  logger: Logger,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: config.http.bodyLimitBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // On close: requests under way finish, connections without one are not waited for.
    forceCloseConnections: 'idle',
    ...(tls && { https: tls }),
    ...(rewriteUrl && { rewriteUrl: ({ url = '/' }) => rewriteUrl(url) }),
    // Fastify's own answer would repeat the URL.
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      void reply.status(error.statusCode ?? 400).send(unreadableUrl);
    },
  });
  traceRequests(adapter.getInstance());
  return NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger,
    // Errors come to the caller, to be logged once and as one line.
    abortOnError: false,
    // The adapter has them already; this is for the URL that the app says it listens on.
    ...(tls && { httpsOptions: tls }),
  });
}
