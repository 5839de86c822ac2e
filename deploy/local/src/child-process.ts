import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lastLines } from './log-tail';
import { dyingWithParent } from './parent-death';

/** How to start one server, and how to know that it serves. */
export interface ProcessSpec {
  /** What people call it: "Synapse vvt". */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment: nothing is inherited, so that a proxy or a setting of the caller's shell changes nothing. */
  env: Readonly<Record<string, string>>;
  /** Receives stdout and stderr, appended. */
  logFile: string;
  /** True once it serves. Asked every 50 ms until then; a connection that is refused is a plain false. */
  ready: () => Promise<boolean>;
  /** Milliseconds until a process that is not ready counts as failed. */
  readyWithinMs: number;
  /** What asks it to end; Postgres wants SIGINT, others SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Run as somebody else; only root can. */
  user?: { uid: number; gid: number };
}

/** How a process ended; both null when it could not be started at all. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const POLL_MS = 50;
const LOG_LINES_IN_ERRORS = 30;

const running = new Set<ManagedProcess>();

/**
 * A server's process: started with its log in a file, watched until ready, stopped or killed, and started again with
 * the same arguments. Whatever still runs when this Node process exits is killed with it.
 */
export class ManagedProcess {
  #child: ChildProcess | undefined;
  #exited: Promise<ProcessExit> = Promise.resolve({ code: null, signal: null });

  constructor(readonly spec: ProcessSpec) {}

  /** The process id, or undefined when it does not run. */
  get pid(): number | undefined {
    return running.has(this) ? this.#child?.pid : undefined;
  }

  /** Resolves when the process last started has ended, however it ended. */
  get exited(): Promise<ProcessExit> {
    return this.#exited;
  }

  /**
   * Starts it (again) and waits until it is ready.
   *
   * @throws Error with the end of its log when it ends early or is not ready in time; it does not run then.
   */
  async start(): Promise<void> {
    if (running.has(this)) throw new Error(`${this.spec.name} runs already`);
    this.#spawn();
    const settled = new AbortController();
    try {
      await Promise.race([this.#endedEarly(), this.#untilReady(settled.signal)]);
    } catch (error) {
      await this.stop(0);
      throw error;
    } finally {
      settled.abort();
    }
  }

  /** Sends a signal; nothing happens when it does not run. */
  kill(signal: NodeJS.Signals): void {
    if (running.has(this)) this.#child?.kill(signal);
  }

  /** Asks it to end, and kills it (with its own children) after `graceMs`. */
  async stop(graceMs = 10_000): Promise<ProcessExit> {
    this.kill(this.spec.stopSignal ?? 'SIGTERM');
    const escalation = setTimeout(() => this.killGroup(), graceMs);
    try {
      return await this.#exited;
    } finally {
      clearTimeout(escalation);
    }
  }

  /** SIGKILL for it and every process it started. */
  killGroup(): void {
    const pid = this.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      // It ended by itself and its exit has not been reported yet: what was wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** The last lines of its log. */
  logTail(lines: number = LOG_LINES_IN_ERRORS): string {
    return lastLines(this.spec.logFile, lines);
  }

  #spawn(): void {
    const { command, args, env, logFile, user } = this.spec;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a', 0o600);
    const wrapped = dyingWithParent(command, args);
    // A process group of its own: Ctrl-C in a terminal goes to the whole foreground group, and these are to be stopped
    // in order by their parent instead.
    const child = spawn(wrapped.command, wrapped.args, {
      env,
      stdio: ['ignore', log, log],
      detached: true,
      ...user,
    });
    closeSync(log);
    this.#child = child;
    running.add(this);
    killAllOnExit();
    this.#exited = new Promise((resolve) => {
      const ended = (exit: ProcessExit): void => {
        running.delete(this);
        resolve(exit);
      };
      child.once('exit', (code, signal) => ended({ code, signal }));
      child.once('error', () => child.pid === undefined && ended({ code: null, signal: null }));
    });
  }

  async #endedEarly(): Promise<never> {
    const { code, signal } = await this.#exited;
    const how = signal
      ? `was ended by ${signal}`
      : code === null
        ? 'could not be started'
        : `ended with code ${code}`;
    throw this.#failure(`${how} before it was ready`);
  }

  async #untilReady(settled: AbortSignal): Promise<void> {
    const deadline = Date.now() + this.spec.readyWithinMs;
    while (!settled.aborted && !(await this.spec.ready())) {
      if (Date.now() > deadline)
        throw this.#failure(`was not ready within ${this.spec.readyWithinMs / 1000} s`);
      await delay(POLL_MS);
    }
  }

  #failure(what: string): Error {
    return new Error(`${this.spec.name} ${what}. The end of ${this.spec.logFile}:\n${this.logTail()}`);
  }
}

let armed = false;

/** The last net: an uncaught error or process.exit() leaves no server behind. */
function killAllOnExit(): void {
  if (armed) return;
  armed = true;
  process.once('exit', () => {
    for (const each of running) each.killGroup();
  });
}
