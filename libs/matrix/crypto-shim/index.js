'use strict';

/**
 * matrix-bot-sdk reads names of this package while it loads, and uses them only for end-to-end encryption.
 * Every name is a class that says so when somebody tries to use it; its own properties (enum members) are undefined.
 */
module.exports = new Proxy(
  {},
  {
    get(_target, name) {
      if (typeof name === 'symbol' || name === '__esModule') return undefined;
      return class {
        constructor() {
          throw new Error(`${name}: this bridge has no end-to-end encryption`);
        }
      };
    },
  },
);
