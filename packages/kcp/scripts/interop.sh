#!/bin/sh
# Tests @stmp/kcp against the C implementation of KCP, through the package node-kcp, which is compiled here.
# Needs a C++ compiler and the headers of Node.js. Leaves everything in .cache/node-kcp.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
place=$root/.cache/node-kcp
mkdir -p "$place"
[ -f "$place/package.json" ] || echo '{ "private": true }' > "$place/package.json"
[ -f "$place/node_modules/node-kcp/build/Release/kcp.node" ] || npm install --prefix "$place" --no-save node-kcp@1.0.13
cd "$root"
# Its `main` is not its module.
STMP_TOOLS=node-kcp STMP_NODE_KCP=$place/node_modules/node-kcp/index.js exec npx vitest run --project tools node-kcp
