import type { Container } from './container';

const WITHIN_MS = 2_000;

/** Tries to connect, and tells what came of it in one word. For containers with Node, and for those with Python. */
const PROGRAMS = {
  node: [
    'node',
    '-e',
    `const [host, port] = process.argv.slice(1);
     const socket = require('node:net').connect({ host, port, timeout: ${WITHIN_MS} });
     const told = (word) => { console.log(word); socket.destroy(); };
     socket.on('connect', () => told('connected'));
     socket.on('timeout', () => told('ETIMEDOUT'));
     socket.on('error', ({ code }) => told(code));`,
  ],
  python: [
    'python',
    '-ISc',
    `import errno, socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), ${WITHIN_MS / 1_000}).close()
    print("connected")
except socket.gaierror:
    print("ENOTFOUND")
except OSError as error:
    print(errno.errorcode.get(error.errno, "ETIMEDOUT"))`,
  ],
} as const;

/** What comes of a connection from a container to another: `connected`, `ENOTFOUND`, `ENETUNREACH`, `ETIMEDOUT`, … */
export async function reach(
  container: Container,
  means: keyof typeof PROGRAMS,
  host: string,
  port: number,
): Promise<string> {
  const { output } = await container.exec([...PROGRAMS[means], host, String(port)], WITHIN_MS + 8_000);
  return output.trim();
}
