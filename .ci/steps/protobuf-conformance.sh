# the conformance suite of Protocol Buffers
npm run conformance
