import tls from 'node:tls';

/** Since Node 22.19 and 24.5; the types here are those of Node 20. */
const { setDefaultCACertificates } = tls as typeof tls & {
  setDefaultCACertificates?: (certificates: readonly string[]) => void;
};
const publicAuthorities = [...tls.rootCertificates];

/**
 * Has this process trust an authority beside the public ones, as somebody at this machine would. @param pem none: only those
 */
export function trust(...pem: string[]): void {
  if (!setDefaultCACertificates)
    throw new Error(`Node ${process.versions.node} cannot: start through enter.mjs`);
  setDefaultCACertificates([...publicAuthorities, ...pem]);
}

/** How a server shows itself to somebody who asks for a name: its names, or why it is not believed. */
export async function handshake(
  address: { readonly host: string; readonly port: number },
  servername: string,
  ca?: string,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ ...address, servername, ca, ALPNProtocols: ['http/1.1'] }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
