import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { passedBack } from './passed-on';

/**
 * Passes an answer on while it comes. What the reader has not taken yet is not read from the server either; and for a
 * reader who leaves, the server is told to stop.
 */
export class StreamedAnswer implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;

  /** @param ended called once: without an error when all of it has come, or when nobody waits for it any more */
  constructor(
    private readonly response: ServerResponse,
    private readonly ended: (error?: Error) => void,
  ) {
    response.once('close', () => this.controller?.abort(new Error('Nobody waits for the answer')));
  }

  /** A connection to the server is free now. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.response.destroyed) controller.abort(new Error('Nobody waits for the answer'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // Early hints and the like are for the connection to the server.
    if (status < 200) return;
    this.response.writeHead(status, passedBack(controller.rawHeaders as Buffer[]));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    controller.pause();
    this.response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    // From here on there is nothing to stop: the connection is the next one's.
    this.controller = undefined;
    this.response.end();
    this.ended();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.controller = undefined;
    this.ended(this.response.destroyed ? undefined : error);
  }
}
