import { TransientError } from '@bridge/contracts';
import { Logger } from '@bridge/platform';
import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toMatrixError } from './matrix-error';

/** Answers every failure in Matrix form; health and metrics keep theirs. */
@Catch()
export class MatrixErrorFilter extends BaseExceptionFilter {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly logger: Logger,
  ) {
    super(httpAdapter);
  }

  override catch(failure: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const route = request.routeOptions.url;
    if (route !== undefined && !route.startsWith('/_matrix/')) return super.catch(failure, host);

    const answer = toMatrixError(failure, request.url);
    if (failure instanceof TransientError) {
      this.logger.warn({
        failureClass: failure.failureClass,
        advice: failure.advice,
        msg: 'Asked the homeserver to repeat',
      });
    } else if (answer.getStatus() >= 500) {
      this.logger.error(failure, MatrixErrorFilter.name);
    }
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply.code(answer.getStatus()).headers(answer.headers).send(answer.getResponse());
  }
}
