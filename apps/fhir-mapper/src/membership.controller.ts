import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { MessageOf } from '@bridge/contracts';
import { MembershipRecorder } from './membership-recorder';

/** Care teams that change without a change of their resource. */
@Controller()
export class MembershipController {
  constructor(private readonly service: MembershipRecorder) {}

  @EventPattern('membership.changed')
  async change(@Payload() message: MessageOf<'membership.changed'>): Promise<void> {
    await this.service.change(message);
  }

  @EventPattern('fhir.due')
  async due(@Payload() message: MessageOf<'fhir.due'>): Promise<void> {
    await this.service.due(message);
  }
}
