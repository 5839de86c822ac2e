import { TransientError } from '@bridge/contracts';
import { type ArgumentsHost, Catch, type HttpException } from '@nestjs/common';
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger';

/** An answer in the form of the app's protocol. */
export type ProtocolError = HttpException & { readonly headers: Readonly<Record<string, string>> };

export interface Protocol {
  /** Routes that begin with it answer in the protocol's form; health and metrics keep their own. */
  readonly prefix: string;
  readonly contentType: string;
  /** What the caller is told of a failure. @param url of the request, as sent; never to be quoted */
  readonly toError: (failure: unknown, url: string) => ProtocolError;
}

/** Answers every failure, unknown routes included, in the form of the app's protocol. */
@Catch()
export class ProtocolErrorFilter extends BaseExceptionFilter {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly logger: Logger,
    private readonly protocol: Protocol,
  ) {
    super(httpAdapter);
  }

  override catch(failure: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const route = request.routeOptions.url;
    if (route !== undefined && !route.startsWith(this.protocol.prefix)) return super.catch(failure, host);

    const answer = this.protocol.toError(failure, request.url);
    if (failure instanceof TransientError) {
      const { failureClass, advice } = failure;
      this.logger.warn({ failureClass, advice, msg: 'Asked the sender to repeat' });
    } else if (answer.getStatus() >= 500) {
      this.logger.error(failure, ProtocolErrorFilter.name);
    }
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply
      .code(answer.getStatus())
      .headers({ 'content-type': this.protocol.contentType, ...answer.headers })
      // As text: Fastify writes objects as JSON for its own content type only.
      .send(JSON.stringify(answer.getResponse()));
  }
}
