import { createHash, randomUUID } from 'node:crypto';
import type { MessageOf } from '@bridge/contracts';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import { Injectable } from '@nestjs/common';
import { type Call, type Notification, readNotification } from './notification-body';

/** Half of what a queue message may have by default (1 MiB), so that headers fit as well. */
const MAX_KEPT_BYTES = 512 * 1024;
/** So many events of one notification go into one queue message: with the longest references half a MiB. */
const MAX_EVENTS = 2000;
/** As much of what is deleted goes into one queue message. */
const MAX_GONE = 2000;

/**
 * Turns a notification into a message that says what may have changed: "read it from this source". Its content goes no
 * further:
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
   * Resolves when the queue has stored what the notification tells. A malformed one is kept in the dead letters; it
   * still says that something has changed.
   * @throws QueueUnavailableError when the queue is full or away
   */
  async accept(source: string, call: Call): Promise<void> {
    const notification = readNotification(call);
    if (notification.form === 'topic') await this.tell(source, notification, call.body);
    else {
      if (notification.form === 'malformed') await this.keep(source, call.body, notification.fault);
      await this.pull(source, notification.form === 'change' ? notification.told : {});
    }
    const outcome = notification.form === 'malformed' ? 'malformed' : 'accepted';
    this.notifications.inc({ source, outcome });
  }

  /** Queued each time: what changed after the last one has to be read as well. */
  private async pull(
    source: string,
    { gone = [], ...told }: Omit<MessageOf<'fhir.pull'>, 'source'>,
  ): Promise<void> {
    for (const some of partsOf(gone, MAX_GONE)) {
      const data = { source, ...told, ...(some.length > 0 && { gone: some }) };
      await this.publisher.publish('fhir.pull', source, data, { id: randomUUID() });
    }
  }

  /**
   * Dropped as a repetition only where the bytes say when they were made: event numbers begin again at a server that
   * was restarted, and one heartbeat may look like the other.
   */
  private async tell(
    source: string,
    { told, isUnique }: Notification & { form: 'topic' },
    body: Uint8Array,
  ): Promise<void> {
    const { events, eventsSinceStart, ...rest } = told;
    const id = isUnique ? `${source} ${createHash('sha256').update(body).digest('hex')}` : randomUUID();
    const parts = partsOf(events, MAX_EVENTS);
    for (const [index, some] of parts.entries()) {
      // The count is that after the last event: on an earlier part it would look as if events were missing.
      const count = index === parts.length - 1 && eventsSinceStart !== undefined && { eventsSinceStart };
      const data = { source, ...rest, ...count, events: some };
      await this.publisher.publish('fhir.notified', `${source} ${told.subscription}`, data, {
        id: `${id} ${index}`,
      });
    }
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

/** Cuts a list into parts of some length; an empty one is one empty part. */
function partsOf<T>(list: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.max(1, Math.ceil(list.length / length)) }, (_, index) =>
    list.slice(index * length, (index + 1) * length),
  );
}
