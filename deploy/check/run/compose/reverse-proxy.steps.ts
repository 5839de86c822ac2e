import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateAuthority } from '../../../local/src/certificate-authority';
import type { Organisation } from '../../../local/src/federation';
import { handshake, trust } from '../authority';
import type { ComposeProject } from './project';

/** Where the reverse proxy is published, whichever it is. */
export const PROXY = { host: '127.0.0.1', port: 8448 };
/** A homeserver that nobody here knows. */
export const STRANGER = 'ziekenhuis.example';

/** A certificate for each name, for who trusts the authority of the project, and none for other names. It is trusted then. */
export async function expectCertificates(
  { data }: ComposeProject,
  names: readonly Organisation[],
): Promise<void> {
  const own = readFileSync(join(data, 'trust/ca.crt'), 'utf8');
  const another = (await createCertificateAuthority()).certificatePem;
  for (const name of names) {
    expect(await handshake(PROXY, name, own)).toBe(`DNS:${name}`);
    expect(await handshake(PROXY, name, another)).toMatch(/VERIFY|SIGNATURE|SELF_SIGNED/);
  }
  expect(await handshake(PROXY, STRANGER, own)).toMatch(/UNRECOGNIZED_NAME/);
  trust(own);
}

/** The well-known files of each name, on both ports, in a form that browsers take. */
export async function expectWellKnown(names: readonly Organisation[]): Promise<void> {
  for (const name of names) {
    const expected = {
      server: { 'm.server': `${name}:8448` },
      client: { 'm.homeserver': { base_url: `https://${name}:8448` } },
      support: { contacts: [{ matrix_id: `@admin:${name}`, role: 'm.role.admin' }] },
    };
    for (const port of [8448, 8443]) {
      for (const [file, content] of Object.entries(expected)) {
        const response = await fetch(`https://${name}:${port}/.well-known/matrix/${file}`);
        expect(await response.json()).toEqual(content);
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        expect(response.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}$/);
      }
    }
  }
}

/** Uploads so many bytes at vvt by the reverse proxy. @returns the status of the answer */
export async function uploadStatus(authorization: string, size: number): Promise<number> {
  const response = await fetch('https://vvt:8448/_matrix/media/v3/upload', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/octet-stream' },
    body: Buffer.alloc(size),
  });
  return response.status;
}
