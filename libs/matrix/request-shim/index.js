'use strict';

/** matrix-bot-sdk loads this package as its HTTP client until it is given another, which the bridge does first of all. */
module.exports = function request() {
  throw new Error('matrix-bot-sdk has no HTTP client: setRequestFn was not called');
};
