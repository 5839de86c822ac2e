import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Random } from './random';

/** What becomes of one notification in ten each. */
type Fate = 'lost' | 'doubled' | 'overtaken' | 'delivered';

interface Letter {
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/**
 * A network between a FHIR server and fhir-ingress that loses, doubles and holds back notifications, and tells the
 * server of none of it: every one is answered with 204. No real network can be asked to do so.
 */
export class FaultyPost {
  readonly fates: Record<Fate, number> = { lost: 0, doubled: 0, overtaken: 0, delivered: 0 };
  /** Of the letters that were sent on: how many were refused. */
  refused = 0;
  private readonly random: Random;
  private readonly heldBack: { readonly letter: Letter; passes: number }[] = [];
  private sending: Promise<void> = Promise.resolve();

  private constructor(
    private readonly server: Server,
    private readonly target: string,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  /** @param target where notifications go, without a path of their own */
  static async start(target: string, seed: number): Promise<FaultyPost> {
    const server = createServer();
    const post = new FaultyPost(server, target, seed);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(204).end();
        post.take(letterOf(request, Buffer.concat(chunks)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return post;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many notifications came from the server. */
  get taken(): number {
    return Object.values(this.fates).reduce((sum, count) => sum + count, 0);
  }

  /** Sends on what is held back, and resolves when all that was sent on has been answered. */
  async settle(): Promise<void> {
    for (const { letter } of this.heldBack.splice(0)) this.send(letter);
    await this.sending;
  }

  async stop(): Promise<void> {
    await this.sending;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(letter: Letter): void {
    const fate = this.fate();
    this.fates[fate] += 1;
    if (fate === 'overtaken') this.heldBack.push({ letter, passes: this.random.between(1, 20) });
    if (fate === 'delivered' || fate === 'doubled') this.send(letter);
    if (fate === 'doubled') this.send(letter);
    for (const held of this.heldBack) held.passes -= 1;
    const ripe = this.heldBack.filter(({ passes }) => passes < 0);
    for (const held of ripe) this.send(this.heldBack.splice(this.heldBack.indexOf(held), 1)[0]!.letter);
  }

  private fate(): Fate {
    return (['lost', 'doubled', 'overtaken'] as const)[this.random.between(0, 9)] ?? 'delivered';
  }

  private send({ path, method, headers, body }: Letter): void {
    const call = { method, headers, ...(body.length > 0 ? { body } : {}) };
    this.sending = this.sending.then(async () => {
      const { ok } = await fetch(this.target + path, call);
      if (!ok) this.refused += 1;
    });
  }
}

function letterOf({ method = 'POST', url = '', headers }: IncomingMessage, body: Buffer): Letter {
  const kept = ['authorization', 'content-type'].flatMap((name) => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  return { path: url, method, headers: Object.fromEntries(kept), body };
}
