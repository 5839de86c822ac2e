import { Body, Controller, Param, Put } from '@nestjs/common';
import { OncePerTransaction } from './once-per-transaction';
import { TransactionIntake } from './transaction-intake';

@Controller('_matrix/app/v1')
export class TransactionsController {
  constructor(
    private readonly once: OncePerTransaction,
    private readonly intake: TransactionIntake,
  ) {}

  /**
   * `PUT /transactions/{txnId}`: 200 only after the queue has stored all of it. Anything but 2xx makes the homeserver
   * repeat this transaction, and hold back all later ones, for as long as it takes.
   */
  @Put('transactions/:txnId')
  async put(@Param('txnId') txnId: string, @Body() body: Buffer | undefined): Promise<Record<string, never>> {
    const bytes = body ?? Buffer.alloc(0);
    await this.once.run(txnId, bytes, () => this.intake.accept(bytes));
    return {};
  }
}
