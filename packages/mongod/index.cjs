'use strict';

// A relative "main" outside of the package would be looked up beside the link in node_modules.
module.exports = require('../../dist/packages/mongod/src/index.js');
