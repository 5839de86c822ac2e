/** What somebody's client has: an account and a session of it. */
interface Session {
  readonly userId: string;
  readonly accessToken: string;
}

/** What a server answers. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls that no client of ours makes otherwise, as somebody with a session. */
export class ClientCalls {
  /** @param publicUrl where people reach their homeserver */
  constructor(
    private readonly publicUrl: string,
    readonly session: Session,
  ) {}

  /** A call below their homeserver's address, with a token. @param more further headers, which come first */
  async call(
    method: string,
    path: string,
    content?: object,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.publicUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.session.accessToken}`,
        ...(content && { 'content-type': 'application/json' }),
        ...more,
      },
      body: content && JSON.stringify(content),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, body: isJson ? (JSON.parse(text) as Answer['body']) : {} };
  }

  /** A call of theirs to one of the interfaces beside Matrix, which ask the homeserver whose the token is. */
  async sideCall(
    method: string,
    path: string,
    content?: object,
    mxid = this.session.userId,
  ): Promise<Answer> {
    const user = encodeURIComponent(this.session.userId);
    const { body } = await this.call('POST', `/_matrix/client/v3/user/${user}/openid/request_token`, {});
    const authorization = `Bearer ${String(body.access_token)}`;
    return this.call(method, path, content, { authorization, mxid });
  }
}
