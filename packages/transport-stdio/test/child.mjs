// A child that answers what it hears, over its standard input and output. What its argument says happens first.
import { stdioListener } from '@stmp/transport-stdio';

const words = {
  fail: () => process.exit(3),
  deaf: () => process.on('SIGTERM', () => {}),
  stays: () => setInterval(() => {}, 1_000),
  talks: () => console.log('no word of STMP'),
};

await stdioListener().listen('stdio:', {
  onLink(link) {
    link.start({
      onData(unit) {
        const word = new TextDecoder().decode(unit);
        words[word]?.();
        link.send(unit);
      },
      onDrain() {},
      onClose() {},
    });
  },
});
await stdioListener()
  .listen('stdio:', { onLink() {} })
  .then(
    () => process.exit(4),
    (error) => error.code === 'listen_failed' || process.exit(5),
  );
