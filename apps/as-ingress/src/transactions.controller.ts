import { Body, Controller, Param, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HomeserverWakeUp } from './homeserver-wake-up';
import { OncePerTransaction } from './once-per-transaction';
import { TransactionIntake } from './transaction-intake';
import { TransactionSequence } from './transaction-sequence';
import { TransactionWatchdog } from './transaction-watchdog';
import { UntoldEvents } from './untold-events';

@Controller('_matrix/app/v1')
export class TransactionsController {
  constructor(
    private readonly once: OncePerTransaction,
    private readonly sequence: TransactionSequence,
    private readonly intake: TransactionIntake,
    private readonly watchdog: TransactionWatchdog,
    private readonly untold: UntoldEvents,
    private readonly wakeUp: HomeserverWakeUp,
  ) {}

  /**
   * `PUT /transactions/{txnId}`: 200 only after the queue has stored all of it. Anything but 2xx makes the homeserver
   * repeat this transaction, and hold back all later ones, for as long as it takes. A wildcard, because a route
   * parameter ends at 100 characters, and a homeserver may choose longer ids.
   */
  @Put('transactions/*')
  async put(
    @Param('*') txnId: string,
    @Body() body: Buffer | undefined,
    @Req() { raw }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Record<string, never>> {
    this.untold.cameOver(raw.socket, { isKept: raw.headers.connection?.toLowerCase() !== 'close' });
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) this.untold.doubt();
    });
    // On arrival: one that the queue refuses shows as well that the homeserver reaches the bridge.
    this.watchdog.transactionCame();
    this.wakeUp.transactionCame();
    const bytes = body ?? Buffer.alloc(0);
    try {
      await this.once.run(txnId, bytes, () => this.store(txnId, bytes));
    } catch (error) {
      this.wakeUp.transactionRefused();
      throw error;
    }
    this.wakeUp.transactionStored();
    return {};
  }

  private async store(txnId: string, bytes: Buffer): Promise<void> {
    await this.sequence.expect(txnId);
    await this.intake.accept(bytes);
    await this.sequence.stored(txnId);
  }
}
