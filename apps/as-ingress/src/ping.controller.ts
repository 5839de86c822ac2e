import { Controller, HttpCode, Post } from '@nestjs/common';

@Controller('_matrix/app/v1')
export class PingController {
  /** `POST /ping`: the homeserver can reach the bridge, and its token is right (Application Service API, "Pinging"). */
  @Post('ping')
  @HttpCode(200)
  ping(): Record<string, never> {
    return {};
  }
}
