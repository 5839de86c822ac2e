import { TransientError } from '@bridge/contracts';
import { Logger } from '@bridge/platform';
import { Catch, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toOperationOutcome } from './operation-outcome';

/** Answers every failure as an `OperationOutcome`; health and metrics keep their own form. */
@Catch()
export class OperationOutcomeFilter extends BaseExceptionFilter {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly logger: Logger,
  ) {
    super(httpAdapter);
  }

  override catch(failure: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const route = request.routeOptions.url;
    if (route !== undefined && !route.startsWith('/notify/')) return super.catch(failure, host);

    const answer = toOperationOutcome(failure, request.url);
    if (failure instanceof TransientError) {
      this.logger.warn({
        failureClass: failure.failureClass,
        advice: failure.advice,
        msg: 'Asked the sender to repeat',
      });
    } else if (answer.getStatus() >= 500) {
      this.logger.error(failure, OperationOutcomeFilter.name);
    }
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    void reply
      .code(answer.getStatus())
      .headers({ 'content-type': 'application/fhir+json; charset=utf-8', ...answer.headers })
      // As text: Fastify writes objects as JSON for its own content type only.
      .send(JSON.stringify(answer.getResponse()));
  }
}
