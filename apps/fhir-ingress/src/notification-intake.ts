import { createHash, randomUUID } from 'node:crypto';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { Injectable } from '@nestjs/common';
import { faultOf, type NamedResource } from './notification-body';

/** Half of what a queue message may have by default (1 MiB), so that headers fit as well. */
const MAX_KEPT_BYTES = 512 * 1024;

/**
 * Turns a notification into a pull: "read from this source what has changed". Its content goes no further:
 * - HAPI repeats a failed delivery for up to a minute, so payloads arrive late and out of order. A pull reads the
 *   versions in the order of the server's own `_lastUpdated`.
 * - Notifications get lost; a pull finds what the lost ones were about as well.
 * - No health data waits in the queue for no reason.
 */
@Injectable()
export class NotificationIntake {
  private readonly notifications;

  constructor(
    private readonly publisher: QueuePublisher,
    metrics: Metrics,
  ) {
    this.notifications = metrics.counter(
      'bridge_fhir_notifications_total',
      'Notifications taken from FHIR servers.',
      ['source', 'outcome'],
    );
  }

  /**
   * Resolves when the queue has stored the pull. A malformed notification is kept in the dead letters; it still says
   * that something has changed.
   * @throws QueueUnavailableError when the queue is full or away
   */
  async accept(source: string, body: Uint8Array, named?: NamedResource): Promise<void> {
    const fault = faultOf(body, named);
    if (fault !== undefined) await this.keep(source, body, fault);
    await this.publisher.publish('fhir.pull', source, { source }, { id: randomUUID() });
    this.notifications.inc({ source, outcome: fault === undefined ? 'accepted' : 'malformed' });
  }

  /** Cut where it is too large: for an operator to see what the sender does wrong. Its data is in the FHIR server. */
  private async keep(source: string, body: Uint8Array, fault: string): Promise<void> {
    const digest = createHash('sha256').update(body).digest('hex');
    await this.publisher.deadLetter({
      stream: 'MAPPING',
      kind: 'fhir.notification',
      reason:
        body.length > MAX_KEPT_BYTES
          ? `${fault} (the first ${MAX_KEPT_BYTES} of ${body.length} bytes)`
          : fault,
      failureClass: 'malformed-notification',
      payload: body.subarray(0, MAX_KEPT_BYTES),
      id: `notification:${source}:${digest}`,
      attempts: 0,
    });
  }
}
