/** `clortho verify`: everything that a store references read again, and what is wrong with it. */
import { ClorthoError } from '@clortho/base';
import type { VerifyFinding, VerifyReport } from '@clortho/engine';
import { Command } from 'commander';
import { formatBytes, formatCount } from '../output/format.ts';
import { type Progress, showProgress, silentProgress } from '../output/progress.ts';
import { bold, type Terminal } from '../output/terminal.ts';
import { withStore } from '../store/with-store.ts';
import type { CommandContext, GlobalOptions } from './command-context.ts';

/** Returns the command. */
export function verifyCommand(context: CommandContext): Command {
  return new Command('verify')
    .description(
      'Read everything that a store references, and tell all that is wrong: checksums, order, ranges, statistics, what is missing.',
    )
    .action((_, self: Command) => verify(context, self));
}

async function verify(context: CommandContext, command: Command): Promise<void> {
  const { terminal } = context;
  const options = command.optsWithGlobals<GlobalOptions>();
  let progress: Progress | undefined;
  const show = (total: number): Progress =>
    options.json === true
      ? silentProgress
      : showProgress(terminal, { title: 'verifying', unit: 'bytes', total });
  const report = await withStore(
    context,
    options,
    (store) =>
      store.verify({
        onProgress: ({ bytes, bytesTotal }) => {
          progress ??= show(bytesTotal);
          progress.update(bytes);
        },
      }),
    { readOnly: true },
  ).finally(() => progress?.stop());
  if (options.json === true) terminal.line(JSON.stringify(report));
  else for (const line of linesOf(terminal, report)) terminal.line(line);
  const { findings } = report;
  const [first] = findings;
  if (first === undefined) return;
  throw new ClorthoError(
    'CLORTHO_CORRUPT',
    `the store is damaged: findings=${findings.length} first=${first.at}`,
  );
}

function* linesOf(terminal: Terminal, report: VerifyReport): Generator<string> {
  const { findings, orphans } = report;
  for (const finding of findings) yield `${bold(terminal, finding.problem)}  ${textOf(finding)}`;
  if (findings.length > 0) yield '';
  const read = [
    `${formatCount(report.registers)} registers`,
    `${formatCount(report.checkpoints)} checkpoints`,
    ...(report.pins === 0 ? [] : [`${formatCount(report.pins)} snapshots`]),
    `${formatCount(report.files)} files`,
    `${formatCount(report.rows)} rows`,
    formatBytes(report.bytes),
  ];
  yield `read      ${read.join(', ')}`;
  const bytes = orphans.reduce((sum, orphan) => sum + orphan.bytes, 0);
  if (orphans.length > 0)
    yield `orphans   ${formatCount(orphans.length)} objects, ${formatBytes(bytes)}: garbage, or not yet committed`;
  yield `verdict   ${findings.length === 0 ? 'nothing is wrong' : `${formatCount(findings.length)} findings`}`;
}

function textOf({ at, shard, family, message }: VerifyFinding): string {
  const owner = [
    ...(shard === undefined ? [] : [`shard=${shard}`]),
    ...(family === undefined ? [] : [`family=${family}`]),
  ];
  return [at, message, ...owner].join('  ');
}
