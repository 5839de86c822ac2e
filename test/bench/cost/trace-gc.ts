import { setFlagsFromString } from 'node:v8';

// Loaded before a process of the bridge by NODE_OPTIONS, which does not take the flag itself.
setFlagsFromString('--trace-gc');
