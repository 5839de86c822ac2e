import { Agent, Headers, getSetCookies, request } from 'undici';

const MOST_REDIRECTS = 10;

/** Where a visit has ended: the page, and its address. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** As much of a browser as a log-in needs: cookies, redirects, and forms. */
export class Browser {
  /** By origin and name. */
  private readonly cookies = new Map<string, string>();
  private readonly agent: Agent;

  /** @param authorityPem of servers with a certificate of one's own */
  constructor(authorityPem: string) {
    this.agent = new Agent({ connect: { ca: authorityPem } });
  }

  /** Goes to an address, and on to where that leads. */
  async visit(address: string | URL): Promise<Page> {
    return this.follow(new URL(address), { method: 'GET' });
  }

  /** Sends the form of a page as its button does, with what it holds and what is filled in. */
  async submit({ url, text }: Page, filledIn: Readonly<Record<string, string>> = {}): Promise<Page> {
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (action === undefined) throw new Error(`There is no form at ${url.origin}${url.pathname}`);
    const fields = new URLSearchParams(filledIn);
    for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
      fields.set(name!, value!);
    }
    return this.follow(new URL(action, url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: fields.toString(),
    });
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  private async follow(start: URL, first: Sent): Promise<Page> {
    let url = start;
    let sent = first;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await request(url, {
        ...sent,
        headers: { ...sent.headers, cookie: this.cookiesFor(url) },
        dispatcher: this.agent,
      });
      const { location, 'set-cookie': set = [] } = answer.headers;
      const cookies = new Headers([set].flat().map((cookie) => ['set-cookie', cookie]));
      for (const { name, value } of getSetCookies(cookies)) this.cookies.set(`${url.origin} ${name}`, value);
      const text = await answer.body.text();
      if (typeof location !== 'string') return { url, status: answer.statusCode, text };
      url = new URL(location, url);
      sent = { method: 'GET' };
    }
    throw new Error(`More than ${MOST_REDIRECTS} redirects from ${start.origin}${start.pathname}`);
  }

  private cookiesFor({ origin }: URL): string {
    return [...this.cookies]
      .filter(([key]) => key.startsWith(`${origin} `))
      .map(([key, value]) => `${key.slice(origin.length + 1)}=${value}`)
      .join('; ');
  }
}
