/* Loaded before a process by NODE_OPTIONS: tells at its end, in the file that LOADED_MODULES names, what it had loaded. */
const { writeFileSync } = require('node:fs');

process.on('exit', () => writeFileSync(process.env.LOADED_MODULES, Object.keys(require.cache).join('\n')));
