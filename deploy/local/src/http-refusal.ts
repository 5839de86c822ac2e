/** A server understood the request and answered with an error. What has no answer is an error of `fetch` instead. */
export class HttpRefusal extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}
