import { Controller, Get, Header, HttpException, HttpStatus } from '@nestjs/common';
import { Readiness, type ReadinessReport } from './readiness';

/** The two questions of an orchestrator. A cached answer would be wrong by definition. */
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** `GET /live`: answers as long as the event loop turns. Asks nobody else: a restart would not mend Postgres. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** `GET /ready`: 200 when all checks are up, 503 with the reasons otherwise. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(): Promise<ReadinessReport> {
    const report = await this.readiness.report();
    if (!report.ready) throw new HttpException(report, HttpStatus.SERVICE_UNAVAILABLE);
    return report;
  }
}
