/** Why a request goes no further, in the standard form of Matrix. The text never quotes the request. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly errcode: string,
    message: string,
    /** For metrics and the log: which rule. */
    readonly rule: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** Nobody may do this. */
export function forbidden(message: string, rule: string): Refusal {
  return new Refusal(403, 'M_FORBIDDEN', message, rule);
}

/** The request is not one that a client or a homeserver would make. */
export function badJson(message: string, rule: string): Refusal {
  return new Refusal(400, 'M_BAD_JSON', message, rule);
}

/** The proxy cannot tell now, and lets nobody pass because of that. */
export function tryLater(rule: string): Refusal {
  return new Refusal(503, 'M_UNKNOWN', 'This cannot be checked now; repeat it later.', rule, {
    'retry-after': '5',
  });
}
