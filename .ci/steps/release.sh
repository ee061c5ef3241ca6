# a release tried out: published to a registry on this machine, and installed from it
npm run release -- --dry-run
