/** `clortho gc`: objects that nothing references deleted. */
import { Command, Option } from 'commander';
import { parseCount } from '../input/count.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

interface GcOptions extends GlobalOptions {
  readonly passes: number;
}

/** Returns the command. */
export function gcCommand(context: CommandContext): Command {
  return new Command('gc')
    .description(
      'Delete objects that nothing references. Each pass gives writers under way until the next to commit.',
    )
    .addOption(
      new Option('--passes <count>', 'so many passes, one after the other')
        .argParser(parseCount(1))
        .default(2),
    )
    .action((_, self: Command) => collect(context, self));
}

async function collect(context: CommandContext, command: Command): Promise<void> {
  const options = command.optsWithGlobals<GcOptions>();
  const total = { objectsDeleted: 0, bytesDeleted: 0, objectsWaiting: 0 };
  await withStore(context, options, async (store) => {
    for (let pass = 0; pass < options.passes; pass += 1) {
      const { objectsDeleted, bytesDeleted, objectsWaiting } = await store.gc();
      total.objectsDeleted += objectsDeleted;
      total.bytesDeleted += bytesDeleted;
      total.objectsWaiting = objectsWaiting;
    }
  });
  const deleted = `${formatCount(total.objectsDeleted)} objects deleted, ${formatBytes(total.bytesDeleted)} freed`;
  const text = `${deleted}, ${formatCount(total.objectsWaiting)} wait for a later pass`;
  context.terminal.line(options.json === true ? JSON.stringify(total) : text);
}
