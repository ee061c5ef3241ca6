# KCP against the C implementation, compiled here
place=$PWD/.cache/node-kcp
node_kcp=$place/node_modules/node-kcp
need g++
need make
mkdir -p "$place"
echo '{ "private": true }' >"$place/package.json"
if [ ! -f "$node_kcp/build/Release/kcp.node" ]; then
  npm install --prefix "$place" --no-save --no-audit --no-fund node-kcp@1.0.13 ||
    leave_out 'KCP against the C implementation: node-kcp does not build here'
fi
# Its `main` is not its module.
tests node-kcp STMP_NODE_KCP="$node_kcp/index.js"
