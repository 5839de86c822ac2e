import { randomUUID } from 'node:crypto';
import { Client } from 'undici';
import type { MadeEvent } from './made-events';

/** Sends transactions as a homeserver does: on one connection, each when the one before is acknowledged. */
export class TransactionClient {
  private readonly client: Client;

  constructor(
    url: string,
    private readonly hsToken: string,
  ) {
    this.client = new Client(url);
  }

  /** @throws when one is not answered with 200 */
  async send(transactions: readonly (readonly MadeEvent[])[]): Promise<void> {
    for (const events of transactions) {
      const { statusCode, body } = await this.client.request({
        method: 'PUT',
        path: `/_matrix/app/v1/transactions/${randomUUID()}`,
        headers: { authorization: `Bearer ${this.hsToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      });
      await body.dump();
      if (statusCode !== 200) throw new Error(`A transaction was answered with ${statusCode}`);
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
