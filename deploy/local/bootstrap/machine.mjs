import { spawnSync } from 'node:child_process';

const NODE = [20, 19]; // require() of ES modules without a flag
const PYTHON = [3, 11]; // the lowest for which every pin of requirements.txt has a wheel

const JAVA = [17, 0];

const PYTHON_QUESTION = [
  'import sys, importlib.util as u',
  'print("%d.%d.%d" % sys.version_info[:3])',
  'print(*[m for m in ("venv", "ensurepip") if u.find_spec(m) is None])',
].join('\n');

/**
 * What the machine must bring, looked at all at once.
 *
 * @returns {{ problems: string[], python: string }} a sentence with the mend for each thing that is missing; Python's version
 */
export function inspectMachine() {
  const problems = [];
  if (process.platform === 'win32') {
    problems.push('Windows itself is not supported: Synapse runs on Linux and macOS. Use WSL 2.');
  }
  if (!atLeast(process.versions.node, NODE)) {
    problems.push(
      `Node ${NODE.join('.')} or newer is needed, this is ${process.versions.node}. ` +
        'Mend: install a newer one from https://nodejs.org, or with nvm: "nvm install" (it reads .nvmrc).',
    );
  }

  const answer = spawnSync('python3', ['-c', PYTHON_QUESTION], { encoding: 'utf8' });
  if (answer.status !== 0) {
    problems.push(
      `python3 ${PYTHON.join('.')} or newer is needed (the homeservers are Python programs), and none was found. ` +
        'Mend: "apt-get install python3 python3-venv" (Debian, Ubuntu), "dnf install python3" (Fedora), "brew install python" (macOS).',
    );
    return { problems, python: '' };
  }
  const [version = '', missing = ''] = answer.stdout.split('\n');
  if (!atLeast(version, PYTHON)) {
    problems.push(
      `Python ${PYTHON.join('.')} or newer is needed, python3 is ${version}. ` +
        'Mend: put a newer one first on the PATH (as python3), for example with pyenv or your package manager.',
    );
  }
  if (missing.trim() !== '') {
    problems.push(
      `python3 lacks the module ${missing.trim().split(' ').join(' and ')}, which virtual environments need. ` +
        'Mend: "apt-get install python3-venv" (Debian, Ubuntu).',
    );
  }
  return { problems, python: version };
}

/**
 * What HAPI FHIR asks of the machine besides.
 *
 * @param {{ built: boolean }} hapi whether it is built already: then only Java is needed
 * @returns {string[]} a sentence with the mend for each thing that is missing
 */
export function inspectJava({ built }) {
  const problems = [];
  const java = spawnSync(built ? 'java' : 'javac', ['-version'], { encoding: 'utf8' });
  const [, version = ''] =
    /(?:javac |version ")([\d.]+)/.exec(`${java.stdout ?? ''}${java.stderr ?? ''}`) ?? [];
  if (!atLeast(version, JAVA)) {
    problems.push(
      `A Java development kit, ${JAVA[0]} or newer, is needed (HAPI FHIR is a Java program), ${version === '' ? 'and none was found' : `this is ${version}`}. ` +
        'Mend: "apt-get install openjdk-17-jdk-headless" (Debian, Ubuntu), "dnf install java-17-openjdk-devel" (Fedora), "brew install openjdk@17" (macOS).',
    );
  }
  if (!built && spawnSync('mvn', ['-version']).status !== 0) {
    problems.push(
      'Maven 3.8 or newer is needed (it fetches HAPI FHIR from Maven Central and builds the server), and none was found. ' +
        'Mend: "apt-get install maven" (Debian, Ubuntu), "dnf install maven" (Fedora), "brew install maven" (macOS).',
    );
  }
  return problems;
}

/** Whether version "a.b.c" is at least [major, minor]. */
export function atLeast(version, [major, minor]) {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
