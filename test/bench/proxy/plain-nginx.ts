import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagedProcess } from '../../../deploy/local/src/child-process';
import { listensOn } from '../../../deploy/local/src/port-probe';

/**
 * nginx as a proxy that checks nothing, in one process. Bodies stream both ways, as ours do.
 * @throws Error where there is no nginx: `npm run bench` fetches it on Linux
 */
export async function plainNginx(
  port: number,
  upstreamPort: number,
  directory: string,
): Promise<ManagedProcess> {
  const program = process.env.NGINX;
  if (!program)
    throw new Error('there is no nginx to stand beside; npm run bench fetches it on Linux (amd64)');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'nginx.conf'), configuration(port, upstreamPort));
  return new ManagedProcess({
    name: 'nginx',
    command: program,
    args: ['-p', `${directory}/`, '-c', 'nginx.conf', '-e', 'stderr'],
    env: {},
    logFile: join(directory, 'nginx.log'),
    ready: () => listensOn(port),
    readyWithinMs: 10_000,
    stopSignal: 'SIGQUIT',
  });
}

function configuration(port: number, upstreamPort: number): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 10000; }
http {
  access_log off;
  ${folders.map((each) => `${each}_temp_path ${each};`).join('\n  ')}
  client_max_body_size 0;
  keepalive_requests 10000000;
  keepalive_timeout 600s;
  upstream homeserver {
    server 127.0.0.1:${upstreamPort};
    keepalive 1000;
    keepalive_requests 10000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location / {
      proxy_pass http://homeserver;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`;
}
