// A subject that is ready, and never says anything again: not to a round, and not at its end.
process.once('message', () => process.send('ready'));
setInterval(() => undefined, 1000);
