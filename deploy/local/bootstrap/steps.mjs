import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
const children = new Set();
let interruptedBy;

/** A step that failed; `output` is all its program wrote. */
export class StepFailed extends Error {
  constructor(step, output) {
    super(`${step} failed`);
    this.output = output;
  }
}

/** The set-up was interrupted by a signal. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodeOf(null, signal);
  }
}

/** From here on SIGINT and SIGTERM end the step's programs, and the steps throw Interrupted. */
export function interruptSteps() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      interruptedBy ??= signal;
      abandonSteps();
    });
  }
}

/** Does a long step: one line when it starts, one with its seconds when it is done. */
export async function step(name, work) {
  console.log(`${paint(2, '…')} ${name}`);
  const begin = performance.now();
  await work();
  console.log(
    `${paint(32, '✓')} ${name} ${paint(2, `${((performance.now() - begin) / 1000).toFixed(1)} s`)}`,
  );
}

/**
 * Runs a program silently; its output is shown by whoever catches StepFailed, and only then.
 * `onOutput` is told of each piece of it, to show how a long program gets on.
 *
 * @throws StepFailed when it does not end with 0, Interrupted after a signal
 */
export async function program(name, command, args, { cwd, env = process.env, onOutput = () => {} }) {
  if (interruptedBy) throw new Interrupted(interruptedBy);
  // A process group of its own, so that npm and pip can be ended together with the programs that they started.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      onOutput(String(chunk));
    });
  }
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      output += error.message;
      resolve(null);
    });
  });
  children.delete(child);
  if (interruptedBy) throw new Interrupted(interruptedBy);
  if (code !== 0) throw new StepFailed(name, output);
}

/** Ends whatever the steps still run, with all that those programs started. */
export function abandonSteps() {
  for (const { pid } of children) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGTERM');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error; // ended by itself just now
    }
  }
}

/** Becomes another program as far as Node can: its terminal, its signals, its exit code. */
export async function become(command, args, { cwd }) {
  const child = spawn(command, args, { cwd, stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM');
  process.on('SIGINT', forward).on('SIGTERM', forward);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('close', (...ended) => resolve(ended));
    child.once('error', reject);
  });
  return exitCodeOf(code, signal);
}

function exitCodeOf(code, signal) {
  return code ?? 128 + { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal];
}
