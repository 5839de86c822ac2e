const path = require('node:path');

/** Published as an ES module alone: Node can require it, jest cannot. */
const esModules = ['jose'].join('|');

/** SWC compiles each file on its own; types are checked by `npm run types`. */
const transform = {
  [`^.+\\.ts$|/node_modules/(${esModules})/.+\\.js$`]: [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2022',
        keepClassNames: true,
        baseUrl: __dirname,
        paths: { '@bridge/*': ['libs/*/src'] },
      },
      module: { type: 'commonjs' },
    },
  ],
};

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform,
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.cache'],
  setupFiles: ['reflect-metadata'],
  testPathIgnorePatterns: ['/node_modules/'],
};

const withServers = {
  ...shared,
  globalSetup: path.join(__dirname, 'test/e2e/global-setup.ts'),
  setupFiles: [...shared.setupFiles, path.join(__dirname, 'test/e2e/own-database.ts')],
  globalTeardown: path.join(__dirname, 'test/e2e/global-teardown.ts'),
};

/** End-to-end tests that hold times to a limit: nothing else may run beside them. */
const measured = [
  'test/as-ingress-lookup-times.e2e-spec.ts',
  'test/observability/backlog-metrics-times.e2e-spec.ts',
  'test/queue.e2e-spec.ts',
  'test/queue-order.e2e-spec.ts',
];

/** The messenger proxy with homeservers before and behind it: "npm run test:proxy". */
const proxy = 'test/proxy/';

/** What takes minutes by its nature: thousands of messages, rows and notifications. Before a release, not at each change. */
const long = [
  'test/scale/large-organisation.e2e-spec.ts',
  'test/scale/replicas.e2e-spec.ts',
  'test/matrix/catch-up.e2e-spec.ts',
  'test/fhir/lossy-notifications.e2e-spec.ts',
];

module.exports = {
  // Above what is waited for within a test and beside it: whoever waits in vain says for what, and a machine that is busy
  // fails none. Where a time is what is promised, the test measures it. Of a project jest takes none.
  testTimeout: 120_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,deploy,test}/**/*.spec.ts'],
    },
    {
      ...withServers,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, ...measured, ...long, proxy],
    },
    {
      ...shared,
      displayName: 'hapi',
      // The scenario of the local FHIR server, and what only HAPI FHIR does.
      testMatch: ['<rootDir>/test/scenario.e2e-spec.ts', '<rootDir>/test/hapi/*.hapi-spec.ts'],
    },
    {
      ...withServers,
      displayName: 'proxy',
      testMatch: [`<rootDir>/${proxy}**/*.e2e-spec.ts`],
    },
    {
      ...shared,
      displayName: 'deploy',
      testMatch: ['<rootDir>/deploy/check/**/*.deploy-spec.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, 'deploy/check/run/'],
    },
    {
      ...shared,
      displayName: 'containers',
      // Within deploy/check/run/enter.mjs, where whoever runs it has the id 0: the usual folder is that of root.
      cacheDirectory: path.join(__dirname, '.cache/jest'),
      testMatch: ['<rootDir>/deploy/check/run/**/*.deploy-spec.ts'],
    },
    { ...withServers, displayName: 'measured', testMatch: measured.map((file) => `<rootDir>/${file}`) },
    { ...withServers, displayName: 'long', testMatch: long.map((file) => `<rootDir>/${file}`) },
  ],
};
